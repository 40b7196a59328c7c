import type { Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import { IndexConnection, type AfterClose } from './index-connection.js';
import type { CacheLayout } from './layout.js';
import { SharedTransaction } from './shared-transaction.js';
import { PartLists, type PartBlock } from './part-lists.js';
import { bytesOf, PartRecords } from './part-records.js';
import type {
  ActionRecord,
  FailureRecord,
  ListedPartRecord,
  OutputPathRecord,
  OutputPathRow,
  PartRecord,
  RunRecord,
  StatRecord,
} from './records.js';
import { Damage, parseRecord, recordText } from './record-text.js';
import { StatRecords } from './stat-records.js';

export type { AfterClose } from './index-connection.js';
export type {
  ActionRecord,
  FailureRecord,
  ListedPartRecord,
  OutputPathRecord,
  PartRecord,
  RunRecord,
  StatRecord,
} from './records.js';

/** Batched writes are on disk at the latest after this, as long as the event loop turns. */
const FLUSH_AFTER_MS = 100;
/** Or when they are so many. Keys are random, so a larger batch writes fewer pages a record. */
const FLUSH_AT_COUNT = 5000;

/**
 * What is remembered between builds: stat records, results of keys, parts, what is installed where, runs.
 *
 * Several processes use it at once: reads see what others have written (but for stat records, which are held by folder once
 * they were read: a late one only costs reading a file), writes are short transactions. Stat records and
 * parts are batched (`flush`); everything else is written when the call returns. A process that dies loses at most
 * what is batched, a machine that dies some of the last transactions, never the file.
 *
 * All methods throw UserFacingError where the disk is full, or the file cannot be read or written.
 */
export class Index {
  readonly #connection: IndexConnection;
  readonly #stats: StatRecords;
  readonly #parts: PartRecords;
  readonly #lists: PartLists;
  readonly #shared = new SharedTransaction((work) => this.transaction(work));
  #timer: NodeJS.Timeout | undefined;

  private constructor(layout: CacheLayout) {
    this.#connection = new IndexConnection(layout);
    this.#stats = new StatRecords(this.#connection);
    this.#parts = new PartRecords(this.#connection);
    this.#lists = new PartLists(this.#connection);
  }

  /**
   * Opens the index, which is made where there is none, and made anew where it is damaged or of an older format.
   *
   * @throws UserFacingError for a newer format.
   */
  static open(layout: CacheLayout): Index {
    return new Index(layout);
  }

  /** Why the index was made anew when it was opened or since; undefined where all was well. */
  get repaired(): string | undefined {
    return this.#connection.repaired;
  }

  /** How often since it was opened what had been recorded or read before was lost: another file took its place. */
  get losses(): number {
    return this.#connection.losses;
  }

  /** Notices where another file has taken the place of the one that is open: that is a loss too. */
  recheck(): void {
    this.#connection.recheck();
  }

  /** Writes what is batched, and closes also where that fails. */
  close(next: AfterClose = 'goes on'): void {
    try {
      this.flush();
    } finally {
      clearTimeout(this.#timer);
      this.#connection.close(next);
    }
  }

  /** Writes what is batched. What cannot be written stays batched. */
  flush(): void {
    if (this.#batchedCount() === 0) return;
    this.transaction(() => this.#stats.write());
    this.#stats.written();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#batchedCount() > 0) this.#batched();
  }

  /** Nothing will be asked for a while. */
  rest(): void {
    this.flush();
    this.#connection.shrink();
  }

  /**
   * Groups the writes of `work` into one transaction, with the parts that are batched, of which it may speak. Stat records
   * stay batched: they are written by folder, which is too much for every target. `work` may run twice, where damage is
   * found. Within a transaction: a part of that one.
   */
  transaction<T>(work: () => T): T {
    if (this.#connection.inTransaction) return work();
    const result = this.#connection.transaction(() => {
      this.#parts.write();
      return work();
    });
    this.#parts.written();
    return result;
  }

  /** As `transaction`, soon, with what others add, `before` done just before; resolves when it is committed. */
  together(work: () => void, before: () => void): Promise<void> {
    return this.#shared.add(work, before);
  }

  /** Commits at once what was given to `together`. */
  commitTogether(): void {
    this.#shared.commit();
  }

  /** Equal as long as nobody else has written to the index, and nothing was lost. */
  get version(): string {
    return this.#connection.version;
  }

  // Stat records. A path may have one for each kind under which it is read.

  statRecord(path: string, kind: string): StatRecord | undefined {
    return this.#stats.get(path, kind);
  }

  putStatRecord(path: string, kind: string, record: StatRecord): void {
    this.#stats.put(path, kind, record);
    this.#batched();
  }

  // Actions: the results of keys.

  action(key: Digest): ActionRecord | undefined {
    return this.#connection.healing(() => {
      const record = this.#record('SELECT record FROM actions WHERE key = ?', key) as ActionRecord | undefined;
      if (record !== undefined && record.key !== key) throw new Damage('a result is that of another key');
      return record;
    });
  }

  /**
   * Records a result. It becomes the target's last success, its outputs are known from now on, and an earlier failure is
   * forgotten. A result of the same key is replaced.
   */
  putAction(record: ActionRecord): void {
    this.transaction(() => {
      this.#connection.run(
        'INSERT OR REPLACE INTO actions (key, target, record) VALUES (?, ?, ?)',
        record.key,
        record.target,
        recordText(record),
      );
      this.rememberOutputs(Object.values(record.outputs).map((output) => output.digest));
      this.setLast(record.target, record.key);
      this.clearFailure(record.target);
    });
  }

  lastSuccess(target: string): ActionRecord | undefined {
    return this.#record(
      'SELECT record FROM last_success JOIN actions USING (key) WHERE last_success.target = ?',
      target,
    ) as ActionRecord | undefined;
  }

  /** The key of the last success. */
  lastKey(target: string): Digest | undefined {
    const [key] = this.#connection.row('SELECT key FROM last_success WHERE target = ?', target) ?? [];
    return key as Digest | undefined;
  }

  /** Newest first; with the last success, also where that was recorded for another target of the same key. */
  actionsOf(target: string): ActionRecord[] {
    return this.#records(
      `SELECT record FROM actions WHERE target = ? OR key = (SELECT key FROM last_success WHERE target = ?)
       ORDER BY seq DESC`,
      target,
      target,
    ) as ActionRecord[];
  }

  /** Of all targets, newest first. */
  recentActions(limit: number): ActionRecord[] {
    return this.#records('SELECT record FROM actions ORDER BY seq DESC LIMIT ?', limit) as ActionRecord[];
  }

  /** For a result that was not made but restored, or found in place. */
  setLast(target: string, key: Digest): void {
    this.#connection.run('INSERT OR REPLACE INTO last_success VALUES (?, ?)', target, key);
  }

  /** Whether an action ever gave this digest, or it was given to `rememberOutputs`. */
  knowsOutput(digest: Digest): boolean {
    return this.#connection.row('SELECT 1 FROM known_outputs WHERE digest = ?', bytesOf(digest)) !== undefined;
  }

  /** Makes digests known that are no whole outputs: files of a directory. */
  rememberOutputs(digests: Iterable<Digest>): void {
    this.transaction(() => {
      for (const digest of digests)
        this.#connection.run('INSERT OR IGNORE INTO known_outputs VALUES (?)', bytesOf(digest));
    });
  }

  // Failures.

  failure(target: string): FailureRecord | undefined {
    return this.#record('SELECT record FROM failures WHERE target = ?', target) as FailureRecord | undefined;
  }

  putFailure(target: string, failure: FailureRecord): void {
    this.#connection.run('INSERT OR REPLACE INTO failures VALUES (?, ?)', target, recordText(failure));
  }

  clearFailure(target: string): void {
    this.#connection.run('DELETE FROM failures WHERE target = ?', target);
  }

  // What is installed at output paths.

  /** By path, in byte order; without `directoryEntries`, which `outputPath` gives. */
  outputPaths(): Map<string, OutputPathRecord> {
    return this.#connection.healing(() => {
      const rows = this.#connection.rows('SELECT path, record FROM output_paths ORDER BY path');
      return new Map(rows.map(([path, record]) => [String(path), (parseRecord(record) as OutputPathRow)[0]]));
    });
  }

  outputPath(path: string): OutputPathRecord | undefined {
    return this.#connection.healing(() => {
      const [record, entries] =
        this.#connection.row('SELECT record, entries FROM output_paths WHERE path = ?', path) ?? [];
      if (record === undefined) return undefined;
      const [rest, hasEntries] = parseRecord(record) as OutputPathRow;
      return hasEntries ? { ...rest, directoryEntries: parseRecord(entries) as Record<string, Digest> } : rest;
    });
  }

  putOutputPath(path: string, record: OutputPathRecord): void {
    const { directoryEntries, ...rest } = record;
    this.#connection.run(
      'INSERT OR REPLACE INTO output_paths VALUES (?, ?, ?)',
      path,
      recordText([rest, directoryEntries !== undefined] satisfies OutputPathRow),
      directoryEntries === undefined ? null : recordText(directoryEntries),
    );
  }

  dropOutputPath(path: string): void {
    this.#connection.run('DELETE FROM output_paths WHERE path = ?', path);
  }

  // Parts.

  /** Those of the parts that were made before, by key. Takes 100,000 keys. */
  parts(keys: readonly Digest[]): Map<Digest, PartRecord> {
    return this.#parts.get(keys);
  }

  putPart(target: string, record: PartRecord): void {
    this.#parts.put(target, record);
    this.#batched();
  }

  /** The parts as the target last listed them, in order. */
  partList(target: string): ListedPartRecord[] {
    return this.#lists.list(target);
  }

  /** The same, a thousand parts at a time, with what they came to where that is known. */
  partBlocks(target: string): PartBlock[] {
    return this.#lists.blocks(target);
  }

  /** Replaces a target's list. Blocks that are the same objects as in `before`, what there is, are not written. */
  putPartBlocks(target: string, blocks: readonly PartBlock[], before: readonly PartBlock[]): void {
    this.transaction(() => this.#lists.put(target, blocks, before));
  }

  // Runs.

  beginRun(id: string, startedMs: number, targets: readonly string[], args: JsonObject): void {
    const record: RunRecord = {
      id,
      startedMs,
      seconds: 0,
      outcome: 'unfinished',
      targets,
      args,
      counts: {},
      details: {},
    };
    this.#connection.run('INSERT OR REPLACE INTO runs (id, record) VALUES (?, ?)', id, recordText(record));
  }

  endRun(id: string, seconds: number, outcome: string, counts: JsonObject, details: JsonObject): void {
    this.transaction(() => {
      const begun = this.#record('SELECT record FROM runs WHERE id = ?', id) as RunRecord | undefined;
      if (begun === undefined) return;
      const ended: RunRecord = { ...begun, seconds, outcome, counts, details };
      this.#connection.run('UPDATE runs SET record = ? WHERE id = ?', recordText(ended), id);
    });
  }

  /** Newest first. */
  runs(limit: number): RunRecord[] {
    return this.#records('SELECT record FROM runs ORDER BY seq DESC LIMIT ?', limit) as RunRecord[];
  }

  #record(sql: string, ...values: string[]): unknown {
    return this.#connection.healing(() => {
      const [text] = this.#connection.row(sql, ...values) ?? [];
      return typeof text === 'string' ? parseRecord(text) : undefined;
    });
  }

  #records(sql: string, ...values: (string | number)[]): unknown[] {
    return this.#connection.healing(() => this.#connection.rows(sql, ...values).map(([text]) => parseRecord(text)));
  }

  #batchedCount(): number {
    return this.#stats.pendingCount + this.#parts.pendingCount;
  }

  #batched(): void {
    if (this.#connection.inTransaction) return;
    if (this.#batchedCount() >= FLUSH_AT_COUNT) {
      this.flush();
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      try {
        this.flush();
      } catch {
        // Nobody can catch it here: what is batched stays so, and the next call that writes meets the same and says so.
      }
    }, FLUSH_AFTER_MS).unref();
  }
}
