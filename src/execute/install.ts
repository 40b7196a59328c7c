import { existsSync, lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ArtifactRecord, InstallOptions } from '../artifacts/kind.js';
import { kindNamed } from '../artifacts/kinds.js';
import type { OutputUse, Target } from '../config/pipeline.js';
import { DATABASE_SIDES } from './aside.js';
import type { Run } from './run.js';
import type { Staging } from './staging.js';

/**
 * Moves outputs into the tree, from the stage or where they were not staged from the store. One that is there already, byte
 * for byte, keeps its inode and times.
 */
export async function installOutputs(
  run: Run,
  target: Target,
  outputs: Readonly<Record<string, ArtifactRecord>>,
  staging: Staging,
): Promise<void> {
  const { root, objects } = run.session;
  for (const use of Object.values(target.outputs)) {
    const record = outputs[use.name];
    const staged = staging.outputs[use.name];
    if (record === undefined || staged === undefined) continue;
    if (!staging.own.has(use.name) && !(await isThere(run, target.name, use, record))) {
      const destination = join(root, use.path);
      const kind = kindNamed(use.kind);
      const options = installOptions(run, target.name, use);
      if (existsSync(staged.path)) await kind.install(staged.path, destination, options);
      else await kind.deliver(record, destination, objects, `${staged.path}.new`, options);
    }
    await run.session.digester.record(use.path, use.kind, record);
  }
  staging.own.drop();
}

/**
 * Whether an output is in place already. Where something else stands at its path that was not made here, or was edited
 * since, that is moved aside; a directory is looked through file by file when it is installed.
 */
export async function isThere(run: Run, target: string, use: OutputUse, record: ArtifactRecord): Promise<boolean> {
  const { root, digester } = run.session;
  const destination = join(root, use.path);
  const stat = lstatSync(destination, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  const digest = digester.known(use.path, use.kind);
  if (digest === record.digest && !stat.isSymbolicLink()) return true;
  if (use.kind === 'directory') return false;
  const now = stat.isFile()
    ? (digest ?? (await digester.digest(use.path, use.kind).catch(() => undefined)))
    : undefined;
  if (now === record.digest) return true;
  if (now === undefined || now === 'absent' || !run.known(now)) run.aside(target, destination);
  // Replacing a database under the side files of the old one would mix the two.
  else if (use.kind === 'sqlite') for (const side of DATABASE_SIDES) rmSync(`${destination}${side}`, { force: true });
  return false;
}

export function installOptions(run: Run, target: string, use: OutputUse): InstallOptions {
  const { root, digester } = run.session;
  const destination = join(root, use.path);
  return {
    aside: (path) => void run.aside(target, path),
    known: run.known,
    digestOf: (path) => {
      const digest = digester.known(path, path === destination ? use.kind : 'file');
      return digest === 'absent' ? undefined : digest;
    },
  };
}
