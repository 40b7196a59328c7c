import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Random } from './random.js';

const PAGE_BYTES = 4096;

/** What may befall the files of `cache/` and the outputs between two builds, without anybody's intent. */
const DAMAGES = {
  /** The index is cut short, has a hole, or is gone: with what is beside it as it was. */
  index(root: string, random: Random): boolean {
    const path = join(root, 'cache/index.db');
    if (!existsSync(path)) return false;
    const { size } = lstatSync(path);
    switch (random.between(0, 4)) {
      case 0:
        truncateSync(path, random.between(0, size));
        break;
      case 1:
        // A page that was never written; of half a one SQLite may see rows that are not there.
        overwrite(path, PAGE_BYTES * random.between(0, Math.floor(size / PAGE_BYTES)), PAGE_BYTES);
        break;
      case 2:
        writeFileSync(path, 'no database at all');
        break;
      case 3:
        rmSync(path);
        break;
      case 4: {
        const wal = `${path}-wal`;
        if (!existsSync(wal)) return false;
        truncateSync(wal, random.between(0, lstatSync(wal).size));
      }
    }
    return true;
  },
  /** Objects of the store, lists among them: torn, changed, gone. */
  objects(root: string, random: Random): boolean {
    const paths = filesBelow(join(root, 'cache/objects'));
    if (paths.length === 0) return false;
    for (let n = random.between(1, 4); n > 0; n--) tear(random.pick(paths), random);
    return true;
  },
  /** Files that only save time or serve messages. */
  helpers(root: string, random: Random): boolean {
    const cache = join(root, 'cache');
    const paths = [
      ...readdirSync(cache)
        .filter((name) => /^(snapshot|clock)/.test(name))
        .map((name) => join(cache, name)),
      ...filesBelow(join(cache, 'rules')),
      ...filesBelow(join(cache, 'locks')),
    ];
    if (paths.length === 0) return false;
    for (let n = random.between(1, 3); n > 0; n--) tear(random.pick(paths), random);
    return true;
  },
  /** What runs left that a power cut ended. */
  leftovers(root: string, random: Random): boolean {
    const stage = join(root, 'cache/stage', `20200101T000000Z-${String(random.between(100_000, 999_999))}`);
    mkdirSync(join(stage, '0/0'), { recursive: true });
    writeFileSync(join(stage, '0/0/half'), 'half');
    return true;
  },
  /** The clock was set back: files are from the future. */
  clock(root: string, random: Random): boolean {
    const paths = ['data', 'out', 'cache/objects', 'cache'].flatMap((folder) => filesBelow(join(root, folder)));
    const future = new Date(Date.now() + random.between(1, 100) * 3_600_000);
    for (const path of paths) if (random.chance(0.5)) utimesSync(path, future, future);
    return true;
  },
} as const;

export type Damage = keyof typeof DAMAGES;

/** Does one of them, where there is anything to damage; returns what it was. */
export function damage(root: string, random: Random): Damage | undefined {
  if (!existsSync(join(root, 'cache'))) return undefined;
  const what = random.pick(Object.keys(DAMAGES) as Damage[]);
  return DAMAGES[what](root, random) ? what : undefined;
}

function tear(path: string, random: Random): void {
  if (!existsSync(path)) return;
  const { mode, size } = lstatSync(path);
  if (random.chance(0.3)) {
    rmSync(path);
    return;
  }
  chmodSync(path, 0o644);
  if (random.chance(0.5)) truncateSync(path, random.between(0, size));
  else overwrite(path, random.between(0, size), 16);
  chmodSync(path, mode & 0o777);
}

function overwrite(path: string, at: number, most: number): void {
  const bytes = readFileSync(path);
  bytes.fill(0, Math.min(at, bytes.length), Math.min(bytes.length, at + most));
  writeFileSync(path, bytes);
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
