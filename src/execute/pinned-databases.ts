import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readContent } from '../artifacts/sqlite-content.js';
import { sqliteDigest } from '../artifacts/sqlite-digest.js';
import type { DatabaseMemories } from '../artifacts/sqlite-memories.js';
import { databaseFile, makeSelfContained, openReadOnly } from '../artifacts/sqlite-open.js';
import type { Digest } from '../base/digest.js';
import type { Target } from '../config/pipeline.js';
import type { HandedInput } from '../host/protocol.js';
import type { Digester } from '../plan/digester.js';
import { InputChanged } from './failure.js';
import type { Handing } from './handing.js';

/** Pages of a database that are copied before other work gets a turn. */
const PAGES_A_TURN = 4096;

interface Pin {
  readonly copy: string;
  readonly digest: Digest;
}

/**
 * Databases that somebody writes while a rule is to read them, as they were at one moment: copies, each taken in one
 * read transaction. The target is decided by what they hold, reads them in place of the originals, and is recorded
 * under the key of that, so that however busy a writer is, a build comes to its end and what is recorded is what was
 * read. The next build sees that the original went on.
 */
export class PinnedDatabases {
  /** By the path in the pipeline. */
  readonly #pins = new Map<string, Pin>();

  private constructor(
    private readonly folder: string,
    private readonly memories: DatabaseMemories,
  ) {}

  /** Whether somebody may be writing one of the databases that a rule reads: its `-wal` is filled. */
  static areNeeded(target: Target, handing: Handing): boolean {
    return target.work.type === 'rule' && databasesOf(handing).some(({ path }) => isLive(path));
  }

  /**
   * Copies the databases that a rule reads; undefined where there are none.
   *
   * @param stage where a folder for them is made
   * @param memories where it is remembered what the originals held
   */
  static async copy(
    target: Target,
    handing: Handing,
    stage: string,
    memories: DatabaseMemories,
  ): Promise<PinnedDatabases | undefined> {
    const databases = target.work.type === 'rule' ? databasesOf(handing) : [];
    if (databases.length === 0) return undefined;
    const pinned = new PinnedDatabases(mkdtempSync(join(stage, 'databases-')), memories);
    try {
      for (const { name, path } of databases) await pinned.#add(name, path);
      return pinned;
    } catch (error) {
      pinned.remove();
      throw error;
    }
  }

  /** What planning is to know instead of the originals. */
  over(digester: Digester): Digester {
    const pin = (path: string, kind: string): Pin | undefined => (kind === 'sqlite' ? this.#pins.get(path) : undefined);
    return {
      known: (path, kind) => pin(path, kind)?.digest ?? digester.known(path, kind),
      digest: async (path, kind) => pin(path, kind)?.digest ?? digester.digest(path, kind),
      entries: (path) => digester.entries(path),
      isExecutable: (path) => digester.isExecutable(path),
    };
  }

  /**
   * The same inputs with the copies in place of the originals, which need no looking at when the work is done.
   *
   * @throws InputChanged where the key has another digest than the copy: it is that of the target which made it.
   */
  hand(handing: Handing): Handing {
    const byPath = new Map<string, Pin>();
    for (const { name, path, digest } of databasesOf(handing)) {
      const pin = this.#pins.get(name);
      if (pin === undefined) continue;
      if (pin.digest !== digest) throw new InputChanged(`\`${name}\``);
      byPath.set(path, pin);
    }
    const handed = (input: HandedInput): HandedInput => {
      const pin = input.kind === 'sqlite' ? byPath.get(input.path) : undefined;
      return pin === undefined ? input : { ...input, path: pin.copy, copyOf: databaseFile(input.path) };
    };
    const inputs: Record<string, Handing['inputs'][string]> = {};
    for (const [role, input] of Object.entries(handing.inputs))
      inputs[role] = input === null ? null : isOne(input) ? handed(input) : input.map(handed);
    const items = handing.items.filter(({ path, kind }) => kind !== 'sqlite' || !this.#pins.has(path));
    return { ...handing, inputs, items };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Page by page the copy is its original: what is remembered of that tells what is new. */
  async #digest(copy: string, original: string): Promise<Digest> {
    const content = await readContent(copy, { before: () => this.memories.load(original) });
    if (content?.memory !== undefined) this.memories.save(original, content.memory);
    return content?.digest ?? sqliteDigest(copy);
  }

  async #add(name: string, path: string): Promise<void> {
    if (this.#pins.has(name)) return;
    const copy = join(this.folder, `${this.#pins.size}-${basename(path)}`);
    const opened = openReadOnly(path);
    try {
      // Without a transaction of its own a backup begins anew with every commit of the writer.
      opened.database.exec('BEGIN');
      opened.database.prepare('SELECT count(*) FROM sqlite_schema').get();
      await opened.database.backup(copy, { progress: () => PAGES_A_TURN });
    } finally {
      opened.close();
    }
    makeSelfContained(copy);
    this.#pins.set(name, { copy, digest: await this.#digest(copy, databaseFile(path)) });
  }
}

interface HandedDatabase {
  /** As in the pipeline. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly digest: Digest;
}

function databasesOf({ inputs, items }: Handing): HandedDatabase[] {
  const handed = Object.values(inputs).flatMap((input) => (input === null ? [] : isOne(input) ? [input] : input));
  // Both have an item for every input, in the same order.
  return items.flatMap(({ path: name, kind, digest }, i) => {
    const path = handed[i]?.path;
    return kind === 'sqlite' && path !== undefined ? [{ name, path, digest }] : [];
  });
}

function isOne(input: HandedInput | readonly HandedInput[]): input is HandedInput {
  return !Array.isArray(input);
}

function isLive(path: string): boolean {
  const wal = statSync(`${databaseFile(path)}-wal`, { throwIfNoEntry: false });
  return wal !== undefined && wal.size > 0;
}
