import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder for one test. */
export interface TempProject {
  readonly root: string;
  /** Writes files by relative path, making folders; undefined removes. */
  write(files: Readonly<Record<string, string | Uint8Array | undefined>>): void;
}

/** Makes a project of files that goes when its test ends. */
export function tempProject(
  t: { teardown(done: () => void): void },
  files: Readonly<Record<string, string | Uint8Array>> = {},
): TempProject {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'vlmbuild-test-')));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const project: TempProject = {
    root,
    write(changes) {
      for (const [name, content] of Object.entries(changes)) {
        const path = join(root, name);
        if (content === undefined) {
          rmSync(path, { recursive: true, force: true });
          continue;
        }
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, content);
      }
    },
  };
  project.write(files);
  return project;
}
