import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { kindNamed } from '../artifacts/kinds.js';
import { databaseFile, openReadOnly } from '../artifacts/sqlite-open.js';
import { InputChanged } from './failure.js';
import type { Handing } from './handing.js';
import type { HandedInput } from '../host/protocol.js';

/**
 * A whole rule reads a database for as long as it likes, and by its path. One that somebody is writing (its `-wal` is
 * filled) it reads from a copy, taken in one transaction, that has the digest of the key.
 *
 * @throws InputChanged where the copy has another digest.
 */
export async function copyLiveDatabases(handing: Handing, folder: string): Promise<Handing> {
  let copies = 0;
  const handed = async (input: HandedInput): Promise<HandedInput> => {
    if (input.kind !== 'sqlite' || !isLive(input.path)) return input;
    const path = join(folder, `live-${copies++}-${basename(input.path)}`);
    const opened = openReadOnly(input.path);
    try {
      await opened.database.backup(path);
    } finally {
      opened.close();
    }
    if ((await kindNamed('sqlite').digest(path)) !== input.digest) throw new InputChanged(`\`${input.path}\``);
    return { ...input, path };
  };
  const inputs: Record<string, Handing['inputs'][string]> = {};
  for (const [role, input] of Object.entries(handing.inputs)) {
    if (input === null) inputs[role] = null;
    else if (isOne(input)) inputs[role] = await handed(input);
    else {
      const list: HandedInput[] = [];
      for (const item of input) list.push(await handed(item));
      inputs[role] = list;
    }
  }
  return { ...handing, inputs };
}

function isOne(input: HandedInput | readonly HandedInput[]): input is HandedInput {
  return !Array.isArray(input);
}

function isLive(path: string): boolean {
  const wal = statSync(`${databaseFile(path)}-wal`, { throwIfNoEntry: false });
  return wal !== undefined && wal.size > 0;
}
