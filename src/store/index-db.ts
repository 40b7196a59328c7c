import type { Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import type { CacheLayout } from './layout.js';
import type {
  ActionRecord,
  FailureRecord,
  ListedPartRecord,
  OutputPathRecord,
  PartRecord,
  RunRecord,
  StatRecord,
} from './records.js';

export type {
  ActionRecord,
  FailureRecord,
  ListedPartRecord,
  OutputPathRecord,
  PartRecord,
  RunRecord,
  StatRecord,
  StoredOutput,
} from './records.js';

/* eslint-disable */
const later = (..._: unknown[]): never => {
  throw new Error('not written yet');
};

export class Index {
  /** Why the index was made anew when it was opened or used; undefined where all was well. */
  readonly repaired: string | undefined;
  static open(layout: CacheLayout): Index {
    return later(layout);
  }
  close(): void {
    later();
  }
  /** Writes what is batched (stat records and parts). All else is written when the call returns. */
  flush(): void {
    later();
  }
  /** Groups writes into one transaction. */
  transaction<T>(work: () => T): T {
    return later(work);
  }

  statRecord(path: string, kind: string): StatRecord | undefined {
    return later(path, kind);
  }
  putStatRecord(path: string, kind: string, record: StatRecord): void {
    later(path, kind, record);
  }
  /** Reads all stat records at once, for builds that look at many. */
  loadStatRecords(): void {
    later();
  }

  action(key: Digest): ActionRecord | undefined {
    return later(key);
  }
  /** Also makes it the target's last success, and its outputs known. */
  putAction(record: ActionRecord): void {
    later(record);
  }
  lastSuccess(target: string): ActionRecord | undefined {
    return later(target);
  }
  /** Newest first. */
  actionsOf(target: string): ActionRecord[] {
    return later(target);
  }
  /** Newest first. */
  recentActions(limit: number): ActionRecord[] {
    return later(limit);
  }
  setLast(target: string, key: Digest): void {
    later(target, key);
  }
  knowsOutput(digest: Digest): boolean {
    return later(digest);
  }
  /** Makes digests known that are no outputs of their own: the entries of a directory. */
  rememberOutputs(digests: Iterable<Digest>): void {
    later(digests);
  }

  failure(target: string): FailureRecord | undefined {
    return later(target);
  }
  putFailure(target: string, failure: FailureRecord): void {
    later(target, failure);
  }
  clearFailure(target: string): void {
    later(target);
  }

  /** Without `directoryEntries`: see `outputPath`. */
  outputPaths(): Map<string, OutputPathRecord> {
    return later();
  }
  outputPath(path: string): OutputPathRecord | undefined {
    return later(path);
  }
  putOutputPath(path: string, record: OutputPathRecord): void {
    later(path, record);
  }
  dropOutputPath(path: string): void {
    later(path);
  }

  parts(keys: readonly Digest[]): Map<Digest, PartRecord> {
    return later(keys);
  }
  putPart(target: string, record: PartRecord): void {
    later(target, record);
  }
  partList(target: string): ListedPartRecord[] {
    return later(target);
  }
  putPartList(target: string, list: readonly ListedPartRecord[]): void {
    later(target, list);
  }

  beginRun(id: string, startedMs: number, targets: readonly string[], args: JsonObject): void {
    later(id, startedMs, targets, args);
  }
  endRun(id: string, seconds: number, outcome: string, counts: JsonObject, details: JsonObject): void {
    later(id, seconds, outcome, counts, details);
  }
  /** Newest first. */
  runs(limit: number): RunRecord[] {
    return later(limit);
  }
}
