import type { KindName } from '../artifacts/kind.js';
import { isDigest, type Digest } from '../base/digest.js';
import { didYouMean } from '../base/did-you-mean.js';
import { isJsonObject, type Json, type JsonObject } from '../base/json.js';
import { sortedEntries } from '../base/order.js';
import { archiveErrors } from '../diagnostics/archive.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { RunRecord } from '../store/index-db.js';
import { CorruptObject, type ObjectRef, type ObjectStore } from '../store/objects.js';
import type { BuildState } from './build-state.js';
import type { Session } from './session.js';

/** What the targets of a run had when it ended: those that it made, and those that it found fresh. */
export type RunResults = Readonly<Record<string, TargetResult>>;

export interface TargetResult {
  readonly key: Digest;
  readonly outputs: Readonly<Record<string, OutputResult>>;
  /** Where the index has no record of the key, because the lock alone told that the target is fresh. */
  readonly fingerprint?: JsonObject;
}

export interface OutputResult {
  /** Root-relative. */
  readonly path: string;
  readonly kind: KindName;
  readonly digest: Digest;
  /** Absent where only the lock told the digest. */
  readonly bytes?: ObjectRef;
}

/** Of what is stored. Format 1 had no `base`. */
const FORMAT = 2;

interface Stored {
  readonly format: number;
  /** Results of which these are the differences; and how many such steps there are. */
  readonly base?: Digest;
  readonly steps?: number;
  readonly targets: RunResults;
}

/** After so many steps results are stored whole again. */
const MOST_STEPS = 32;

export function resultsOf({ settled, run }: Pick<BuildState, 'settled' | 'run'>): RunResults {
  const { targets } = run.session.pipeline;
  const results: Record<string, TargetResult> = {};
  for (const { target, key, outputs, fingerprint, source } of settled.values()) {
    const made: Record<string, OutputResult> = {};
    for (const { name, path } of Object.values(targets.get(target)?.outputs ?? {})) {
      const output = outputs[name];
      if (output === undefined) continue;
      const { kind, digest, bytes } = output;
      made[name] = bytes === null ? { path, kind, digest } : { path, kind, digest, bytes };
    }
    results[target] = {
      key,
      outputs: made,
      ...(source === 'lock' ? { fingerprint: fingerprint as unknown as JsonObject } : {}),
    };
  }
  return results;
}

/**
 * Stores results as an object, and gives what goes into the run's details: runs of thousands of targets then cost little
 * where runs are listed, and runs that came to the same share one object.
 */
export function storeResults(objects: ObjectStore, results: RunResults): JsonObject {
  return put(objects, { format: FORMAT, targets: Object.fromEntries(sortedEntries(results)) });
}

/** As `storeResults`, for a run that left all but some targets as `base` has them: stores the difference. */
export function storeChangedResults(objects: ObjectStore, base: Digest, changed: RunResults): JsonObject {
  const steps = headOf(objects, base).steps + 1;
  const whole = steps > MOST_STEPS ? resultsAt(objects, base) : undefined;
  if (whole !== undefined) return storeResults(objects, { ...whole, ...changed });
  return put(objects, { format: FORMAT, base, steps, targets: Object.fromEntries(sortedEntries(changed)) });
}

function put(objects: ObjectStore, stored: Stored): JsonObject {
  const { sha256, size } = objects.putBytes(Buffer.from(JSON.stringify(stored)));
  return { results: { sha256, size } };
}

/** Where a run's results are stored; undefined where it recorded none. */
export function resultsRef(run: Pick<RunRecord, 'details'>): Digest | undefined {
  const ref = run.details['results'];
  const digest = isJsonObject(ref) ? ref['sha256'] : undefined;
  return isDigest(digest) ? digest : undefined;
}

/** All objects in which results are stored: their own, and those on which it builds. */
export function resultsObjects(objects: ObjectStore, ref: Digest): Digest[] {
  const all = [ref];
  for (let at = headOf(objects, ref).base; at !== undefined && all.length <= MOST_STEPS + 1;) {
    all.push(at);
    at = headOf(objects, at).base;
  }
  return all;
}

/** What stands before the targets, of which there may be thousands. */
function headOf(objects: ObjectStore, ref: Digest): { readonly base?: Digest; readonly steps: number } {
  const text = textOf(objects, ref)?.slice(0, 200) ?? '';
  const [, base, steps] = /^\{"format":\d+,"base":"([^"]+)","steps":(\d+),/.exec(text) ?? [];
  return isDigest(base) ? { base, steps: Number(steps) } : { steps: 0 };
}

/** Undefined where the run recorded none, or the store has them no more. */
export function loadResults(objects: ObjectStore, run: Pick<RunRecord, 'details'>): RunResults | undefined {
  const digest = resultsRef(run);
  return digest === undefined ? undefined : resultsAt(objects, digest);
}

function resultsAt(objects: ObjectStore, ref: Digest): RunResults | undefined {
  const steps: RunResults[] = [];
  for (let at: Digest | undefined = ref; at !== undefined;) {
    const stored = readStored(objects, at);
    if (stored === undefined || steps.length > MOST_STEPS + 1) return undefined;
    steps.unshift(stored.targets);
    at = stored.base;
  }
  return Object.assign({}, ...steps) as RunResults;
}

function readStored(objects: ObjectStore, digest: Digest): Stored | undefined {
  const text = textOf(objects, digest);
  if (text === undefined) return undefined;
  const json = JSON.parse(text) as Json;
  if (!isJsonObject(json) || (json['format'] !== FORMAT && json['format'] !== 1)) return undefined;
  return isJsonObject(json['targets']) ? (json as unknown as Stored) : undefined;
}

/** Undefined where the store has not all of it. */
function textOf(objects: ObjectStore, digest: Digest): string | undefined {
  try {
    return Buffer.concat([...objects.read(digest)].map((piece) => Buffer.from(piece))).toString();
  } catch (error) {
    if (error instanceof CorruptObject) return undefined;
    throw error;
  }
}

export interface PastRun {
  readonly record: RunRecord;
  readonly results: RunResults;
}

/** Runs that are looked through by their id. */
const LOOKED_AT = 10_000;

/**
 * The run of an id, of the beginning of one, or `last`: the newest with results.
 *
 * @throws UserFacingError where there is none, several begin so, or it has no results.
 */
export function pastRun({ index, objects }: Pick<Session, 'index' | 'objects'>, word: string): PastRun {
  const runs = index.runs(LOOKED_AT);
  const newest = word === 'last' ? runs.find((run) => resultsRef(run) !== undefined) : undefined;
  const exact = newest ?? runs.find(({ id }) => id === word);
  const found = exact === undefined ? runs.filter(({ id }) => id.startsWith(word)) : [exact];
  const [record] = found;
  if (record === undefined || word === '') {
    const likely = didYouMean(
      word,
      runs.slice(0, 100).map(({ id }) => id),
    );
    throw new UserFacingError(archiveErrors.noRun({ word, likely }));
  }
  if (found.length > 1) throw new UserFacingError(archiveErrors.severalRuns({ word, runs: found.map(({ id }) => id) }));
  const results = loadResults(objects, record);
  if (results === undefined)
    throw new UserFacingError(archiveErrors.nothingRecorded({ run: record.id, outcome: record.outcome }));
  return { record, results: located(results, index) };
}

/** What lay in blobs with others when the run ended may have been moved: then the record of its key tells where it is. */
function located(results: RunResults, index: Session['index']): RunResults {
  return mapped(results, (result) => {
    if (Object.values(result.outputs).every(({ bytes }) => bytes?.inside === undefined)) return result;
    const now = index.action(result.key)?.outputs;
    const outputs = mapped(result.outputs, (output, name) => {
      const found = now?.[name];
      return found?.digest === output.digest ? { ...output, bytes: found.bytes } : output;
    });
    return { ...result, outputs };
  });
}

function mapped<T>(record: Readonly<Record<string, T>>, map: (value: T, name: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}
