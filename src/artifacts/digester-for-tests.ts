import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import type { StatRecord } from '../store/index-db.js';
import { ObjectStore } from '../store/objects.js';
import { ArtifactDigester } from './digester.js';
import { DatabaseMemories } from './sqlite-memories.js';

/** A folder, and digesters that look at it under a clock of their own. */
export interface Rig {
  readonly root: string;
  readonly objects: ObjectStore;
  /** Paths whose bytes were read since it was last emptied. */
  readonly read: string[];
  /** Moves the clock far enough on that everything on disk is old. */
  later(): void;
  /** Sets the clock back: all that is on disk is from the future. */
  earlier(): void;
  /** A digester of another run: it shares only the records. */
  open(trust?: 'stat' | 'nothing', onHash?: () => void): ArtifactDigester;
  put(name: string, content: string | Buffer): string;
}

const TICK = 30_000_000_000n;

export function rig(t: ExecutionContext): Rig {
  const root = tempFolder(t);
  mkdirSync(join(root, 'cache', 'objects'), { recursive: true });
  const records = new Map<string, StatRecord>();
  const index = {
    statRecord: (path: string, kind: string) => records.get(`${kind}:${path}`),
    putStatRecord: (path: string, kind: string, record: StatRecord) => void records.set(`${kind}:${path}`, record),
  };
  const objects = new ObjectStore(join(root, 'cache', 'objects'));
  const probe = join(root, 'cache', 'clock');
  const read: string[] = [];
  let ahead = 0n;
  const clock = () => {
    writeFileSync(probe, '.');
    return { nowNs: statSync(probe, { bigint: true }).mtimeNs + ahead, tickNs: TICK };
  };
  return {
    root,
    objects,
    read,
    later: () => void (ahead += 60_000_000_000n),
    earlier: () => void (ahead -= 3_600_000_000_000n),
    open: (trust = 'stat', onHash?) =>
      new ArtifactDigester({
        root,
        index,
        trust,
        clock,
        objects,
        databases: new DatabaseMemories(join(root, 'cache', 'databases')),
        onHash: (paths) => {
          read.push(...paths.map((path) => path.slice(root.length + 1)));
          onHash?.();
          return undefined;
        },
      }),
    put(name, content) {
      mkdirSync(join(root, name, '..'), { recursive: true });
      writeFileSync(join(root, name), content);
      return name;
    },
  };
}

/** What `work` gives, and the paths that it read. */
export async function reads<T>({ read }: Rig, work: () => Promise<T> | T): Promise<[T, string[]]> {
  read.length = 0;
  const result = await work();
  return [result, read.splice(0)];
}
