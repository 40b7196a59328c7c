import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Digest } from '../base/digest.js';
import type { LockFile } from '../plan/lock-file.js';
import { storedObjects, type StoredObject } from '../store/gc-objects.js';
import type { IndexedPart, IndexTables } from '../store/gc-index.js';
import { holderOf, type ObjectStore } from '../store/objects.js';
import type { ActionRecord, OutputPathRecord, RunRecord, StoredOutput } from '../store/records.js';
import { Marking } from './marking.js';
import { loadResults, resultsObjects, resultsRef, type TargetResult } from './results.js';
import { otherLocks } from './other-locks.js';
import type { Session } from './session.js';

/** What keeps objects, the strongest first: an object counts for the first that needs it. */
export type Need = 'now' | 'runs' | 'parts';

/** A remembered result that nothing needs: it may go, the least recently used first. */
export interface Spare {
  readonly type: 'action' | 'part' | 'run';
  /** A key, or a run's id. */
  readonly id: string;
  readonly target: string;
  readonly outputs: readonly StoredOutput[];
  /** Milliseconds since 1970. */
  readonly usedMs: number;
}

/** Everything in the store, and what needs it. */
export interface Survey {
  readonly stored: ReadonlyMap<Digest, StoredObject>;
  /** Has marked what is needed. */
  readonly marking: Marking;
  readonly needed: Readonly<Record<Need, number>>;
  /** Most recently used first. */
  readonly spare: readonly Spare[];
  readonly actions: readonly ActionRecord[];
  readonly parts: readonly IndexedPart[];
  readonly runs: readonly RunRecord[];
}

/** Of so many bytes of recorded runs it is looked up which results they used. */
const RESULTS_READ = 64 << 20;

/**
 * Finds what the locks, the outputs that are there, the last results of all targets, the last runs and the parts that
 * targets list need. Answers are kept elsewhere, and are always.
 *
 * @throws UserFacingError for a lock beside a pipeline file that cannot be read: what it needs is not known.
 */
export function surveyStore(session: Session, tables: IndexTables, keepRuns: number): Survey {
  // Rows first: what is stored later, by a run that begins now, is not taken for something that no row needs.
  const actions = tables.actions();
  const parts = tables.parts();
  const runs = tables.runs();
  const lists = tables.partLists();
  const { objects } = session;
  const stored = storedObjects(session.layout);
  const needs = new Needs(objects, stored, actions);
  const { marking } = needs;

  const locks = [session.lock, ...otherLocks(session)].filter((lock) => lock !== undefined);
  const targets = new Set([...session.pipeline.targets.keys(), ...locks.flatMap((lock) => Object.keys(lock.targets))]);
  const successes = tables.lastSuccesses();
  for (const target of targets) needs.result(successes.get(target));
  needs.present(locks, presentDigests(session.root, tables.outputPaths()));
  const now = marking.bytes;
  const used = needs.used(runs, keepRuns);
  const withRuns = marking.bytes;
  const listed = new Set([...lists].filter(([target]) => targets.has(target)).flatMap(([, keys]) => keys));
  for (const { key, outputs } of parts) if (listed.has(key)) needs.outputs(outputs);

  const started = new Map(runs.map((run) => [run.id, run.startedMs]));
  const spare: Spare[] = [
    ...actions
      .filter(({ key }) => !needs.results.has(key))
      .map(({ key, target, outputs, run }): Spare => {
        const usedMs = Math.max(used.get(key) ?? 0, started.get(run) ?? timeOfRun(run));
        return { type: 'action', id: key, target, outputs: Object.values(outputs), usedMs };
      }),
    ...parts
      .filter(({ key }) => !listed.has(key))
      .map(({ key, target, outputs }): Spare => {
        const times = Object.values(outputs).map(({ bytes }) => stored.get(holderOf(bytes))?.storedMs ?? 0);
        return { type: 'part', id: key, target, outputs: Object.values(outputs), usedMs: Math.max(0, ...times) };
      }),
    ...runs.slice(keepRuns).map((run) => spareRun(objects, run)),
  ];
  spare.sort((a, b) => b.usedMs - a.usedMs);
  const needed = { now, runs: withRuns - now, parts: marking.bytes - withRuns };
  return { stored, marking, needed, spare, actions, parts, runs };
}

/** What is needed: results by their keys, and what they hold is marked. */
class Needs {
  readonly marking: Marking;
  readonly results = new Set<string>();
  readonly #byKey: ReadonlyMap<string, ActionRecord>;

  constructor(
    private readonly objects: ObjectStore,
    private readonly stored: ReadonlyMap<Digest, StoredObject>,
    actions: readonly ActionRecord[],
  ) {
    this.marking = new Marking(objects, stored);
    this.#byKey = new Map(actions.map((action) => [action.key, action]));
  }

  outputs(outputs: ActionRecord['outputs']): void {
    for (const output of Object.values(outputs)) this.marking.output(output);
  }

  result(key: Digest | undefined): void {
    const action = key === undefined ? undefined : this.#byKey.get(key);
    if (action === undefined) return;
    this.results.add(action.key);
    this.outputs(action.outputs);
  }

  /** What locks name, and outputs that are there, with the results that are whole of these. */
  present(locks: readonly LockFile[], there: readonly Digest[]): void {
    const digests = new Set(there);
    for (const { key, outputs } of locks.flatMap((lock) => Object.values(lock.targets))) {
      this.result(key);
      for (const digest of Object.values(outputs)) digests.add(digest);
    }
    for (const digest of digests) this.marking.object(digest);
    for (const { key, outputs } of this.#byKey.values()) {
      const own = Object.values(outputs).filter(({ digest }) => digests.has(digest));
      for (const output of own) this.marking.output(output);
      if (own.length > 0 && own.length === Object.keys(outputs).length) this.result(key);
    }
  }

  /** What the last runs used; tells of results when they were used last, as far as that is looked up. */
  used(runs: readonly RunRecord[], keepRuns: number): ReadonlyMap<string, number> {
    const used = new Map<string, number>();
    const read = new Set<Digest>();
    let budget = RESULTS_READ;
    for (const [n, run] of runs.entries()) {
      const ref = resultsRef(run);
      if (ref === undefined) continue;
      const isKept = n < keepRuns;
      if (isKept) for (const object of resultsObjects(this.objects, ref)) this.marking.object(object);
      budget -= this.stored.get(ref)?.bytes ?? 0;
      if (read.has(ref) || (!isKept && budget < 0)) continue;
      read.add(ref);
      for (const result of Object.values(loadResults(this.objects, run) ?? {})) {
        if (!used.has(result.key)) used.set(result.key, run.startedMs);
        if (isKept) this.#ofRun(result);
      }
    }
    return used;
  }

  #ofRun({ key, outputs }: TargetResult): void {
    this.result(key);
    for (const [name, { kind, digest, bytes }] of Object.entries(outputs)) {
      if (bytes === undefined) continue;
      if (bytes.inside === undefined) this.marking.output({ kind, digest, bytes });
      // No row of the index tells where it lies, and what a run stored never changes: so the blob stays as it is.
      else if (this.#byKey.get(key)?.outputs[name]?.digest !== digest) this.marking.object(bytes.inside.blob);
    }
  }
}

function spareRun(objects: ObjectStore, run: RunRecord): Spare {
  const ref = resultsRef(run);
  const outputs = (ref === undefined ? [] : resultsObjects(objects, ref)).map((digest): StoredOutput => {
    return { kind: 'file', digest, bytes: { sha256: digest, size: 0 } };
  });
  return { type: 'run', id: run.id, target: '', outputs, usedMs: run.startedMs };
}

function presentDigests(root: string, outputPaths: ReadonlyMap<string, OutputPathRecord>): Digest[] {
  return [...outputPaths].filter(([path]) => isThere(resolve(root, path))).map(([, { digest }]) => digest);
}

export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** A run's id begins with its time; 0 where it does not. */
export function timeOfRun(id: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(id) ?? [];
  if (second === undefined) return 0;
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}
