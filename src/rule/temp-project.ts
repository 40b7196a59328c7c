import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tempFolder } from '../base/temp-folder-for-tests.js';

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
  const root = tempFolder(t);
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
