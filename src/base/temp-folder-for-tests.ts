import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty folder of a test's own, by its real path; it goes with all that is in it when the test ends. */
export function tempFolder(t: { teardown(done: () => void): void }): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'vlmbuild-test-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
