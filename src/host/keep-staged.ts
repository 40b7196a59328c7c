import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArtifactRecord } from '../artifacts/kind.js';
import { kindNamed } from '../artifacts/kinds.js';
import { ObjectStore } from '../store/objects.js';
import type { LatePack } from '../store/late-pack.js';
import { LARGEST_PACKED } from '../store/pack.js';
import { KnownFailure } from './failure.js';
import type { LateOutput, StagedOutput } from './protocol.js';

export type Staged = Readonly<Record<string, StagedOutput>>;

const NOTHING_IS_FINE = { throwIfNoEntry: false } as const;
/** Hashing and copying so much keeps the engine from nothing for longer than some milliseconds. */
const LITTLE_BYTES = 4 * 1024 * 1024;

const stores = new Map<string, ObjectStore>();

/** The object store of a cache folder. */
export function storeOf(cache: string): ObjectStore {
  let store = stores.get(cache);
  if (store === undefined) {
    store = new ObjectStore(join(cache, 'objects'));
    stores.set(cache, store);
  }
  return store;
}

/** Takes the records of staged outputs, and their bytes where there is a store. */
export async function keepStaged(
  staged: Staged,
  objects: ObjectStore | null,
): Promise<Readonly<Record<string, ArtifactRecord>>> {
  for (const [output, { path }] of Object.entries(staged)) {
    if (lstatSync(path, NOTHING_IS_FINE) === undefined) {
      throw new KnownFailure({ type: 'output-absent', output, path });
    }
  }
  const records: Record<string, ArtifactRecord> = {};
  for (const [name, { kind, path }] of Object.entries(staged)) {
    records[name] = await kindNamed(kind).keep(path, objects);
  }
  return records;
}

/** The same of outputs that are `little` to keep: small ones are stored together with others. */
export async function packStaged(
  staged: Staged,
  objects: ObjectStore,
  pack: LatePack,
): Promise<Readonly<Record<string, ArtifactRecord | LateOutput>>> {
  const records: Record<string, ArtifactRecord | LateOutput> = {};
  for (const [name, { kind, path }] of Object.entries(staged)) {
    const size = lstatSync(path).size;
    if (size > LARGEST_PACKED) records[name] = await kindNamed(kind).keep(path, objects);
    else {
      const bytes = pack.add(readFileSync(path));
      records[name] = { kind, digest: bytes.sha256, bytes };
    }
  }
  return records;
}

/** How much it is to keep outputs: `little` is not worth a host; nor is anything where one is not there, which fails. */
export function toKeep(staged: Staged): 'little' | 'much' | 'not all there' {
  let bytes = 0;
  let isLittle = true;
  for (const { kind, path } of Object.values(staged)) {
    const stat = lstatSync(path, NOTHING_IS_FINE);
    if (stat === undefined) return 'not all there';
    bytes += stat.size;
    isLittle &&= (kind === 'file' || kind === 'jsonl') && stat.isFile() && bytes <= LITTLE_BYTES;
  }
  return isLittle ? 'little' : 'much';
}
