import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hexOf, type Digest } from '../base/digest.js';
import type { CacheLayout } from './layout.js';
import { CorruptObject, type ObjectStore } from './objects.js';

/** An object on the disk: a blob, a list, or (where equal bytes were stored both ways) both. */
export interface StoredObject {
  /** Of all its own files, not of a list's members. */
  readonly bytes: number;
  readonly blob: boolean;
  readonly list: boolean;
  readonly storedMs: number;
}

const LIST = '.list';

/** Every object of the store. */
export function storedObjects(layout: CacheLayout): Map<Digest, StoredObject> {
  const objects = new Map<Digest, StoredObject>();
  for (const folder of readdirSync(layout.objects)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const name of readdirSync(join(layout.objects, folder))) {
      const list = name.endsWith(LIST);
      const hex = folder + (list ? name.slice(0, -LIST.length) : name);
      if (!/^[0-9a-f]{64}$/.test(hex)) continue;
      const stat = statSync(join(layout.objects, folder, name), { throwIfNoEntry: false });
      if (stat === undefined) continue;
      const before = objects.get(`sha256:${hex}`);
      objects.set(`sha256:${hex}`, {
        bytes: stat.size + (before?.bytes ?? 0),
        blob: !list || before?.blob === true,
        list: list || before?.list === true,
        storedMs: Math.max(stat.mtimeMs, before?.storedMs ?? 0),
      });
    }
  }
  return objects;
}

/** Removes objects. A list goes before a blob, so that a list is never left of which only the name is there. */
export function removeObjects(layout: CacheLayout, digests: readonly Digest[]): void {
  for (const suffix of [LIST, '']) {
    for (const digest of digests) {
      const hex = hexOf(digest);
      rmSync(join(layout.objects, hex.slice(0, 2), hex.slice(2) + suffix), { force: true });
    }
  }
}

/** Reads every object. What is damaged is dropped; gives those that are damaged, or miss a piece. */
export async function checkObjects(
  objects: ObjectStore,
  stored: ReadonlyMap<Digest, StoredObject>,
): Promise<{ readonly damaged: Digest[]; readonly incomplete: Digest[] }> {
  const damaged: Digest[] = [];
  let since = 0;
  for (const [digest, { blob, bytes }] of stored) {
    if (!blob) continue;
    try {
      objects.blobPath(digest);
    } catch (error) {
      if (!(error instanceof CorruptObject)) throw error;
      damaged.push(digest);
    }
    since += bytes;
    if (since > 1 << 26) {
      since = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const incomplete: Digest[] = [];
  for (const [digest, { list }] of stored) {
    if (!list || objects.has(digest)) continue;
    // A list that cannot be read was dropped by asking.
    (objects.members(digest) === undefined ? damaged : incomplete).push(digest);
  }
  return { damaged, incomplete };
}
