import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ArtifactRecord, InstallOptions } from '../artifacts/kind.js';
import { kindNamed } from '../artifacts/kinds.js';
import type { OutputUse, Target } from '../config/pipeline.js';
import type { Run } from './run.js';
import type { Staging } from './staging.js';

/** Moves staged outputs into the tree. One that is there already, byte for byte, keeps its inode and times. */
export async function installOutputs(
  run: Run,
  target: Target,
  outputs: Readonly<Record<string, ArtifactRecord>>,
  staging: Staging,
): Promise<void> {
  const { root, digester } = run.session;
  for (const use of Object.values(target.outputs)) {
    const record = outputs[use.name];
    const staged = staging.outputs[use.name];
    if (record === undefined || staged === undefined) continue;
    if (!staging.own.has(use.name) && digester.known(use.path, use.kind) !== record.digest) {
      const destination = join(root, use.path);
      mkdirSync(dirname(destination), { recursive: true });
      await kindNamed(use.kind).install(staged.path, destination, installOptions(run, target.name, use));
    }
    installed(run, target, use, record);
  }
  staging.own.drop();
}

/** Remembers what now stands at an output's path. */
export function installed(run: Run, target: Target, use: OutputUse, record: ArtifactRecord): void {
  const { index, digester } = run.session;
  digester.record(use.path, use.kind, record);
  index.putOutputPath(use.path, { target: target.name, output: use.name, kind: use.kind, digest: record.digest });
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
