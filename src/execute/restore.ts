import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { kindNamed } from '../artifacts/kinds.js';
import type { Target } from '../config/pipeline.js';
import type { OutputRecords } from '../plan/decision.js';
import { isThere, installOptions } from './install.js';
import type { Place } from './place.js';
import type { Run } from './run.js';

/**
 * Brings outputs back from the store; the others are as recorded already.
 *
 * @throws CorruptObject where the store's bytes are not what they were: dropped by then, so a new decision knows it.
 */
export async function restoreOutputs(
  run: Run,
  target: Target,
  records: OutputRecords,
  names: readonly string[],
  place: Place,
): Promise<void> {
  const { root, objects, digester } = run.session;
  for (const [n, use] of Object.values(target.outputs).entries()) {
    const record = records[use.name];
    if (record === undefined) continue;
    if (names.includes(use.name) && !(await isThere(run, target.name, use, record))) {
      const destination = join(root, use.path);
      mkdirSync(dirname(destination), { recursive: true });
      await kindNamed(use.kind).deliver(
        record,
        destination,
        objects,
        join(place.output(n), basename(use.path)),
        installOptions(run, target.name, use),
      );
    }
    await digester.record(use.path, use.kind, record);
  }
}
