import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Digest } from '../base/digest.js';
import { otherLocks } from './other-locks.js';
import { storedObjects, type StoredObject } from '../store/gc-objects.js';
import type { IndexedPart, IndexTables } from '../store/gc-index.js';
import { holderOf } from '../store/objects.js';
import type { ActionRecord, OutputPathRecord, RunRecord, StoredOutput } from '../store/records.js';
import { Marking } from './marking.js';
import { loadResults, resultsObjects, resultsRef } from './results.js';
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
  const { layout, objects, pipeline, root } = session;
  // Rows first: what is stored later, by a run that begins now, is not taken for something that no row needs.
  const actions = tables.actions();
  const parts = tables.parts();
  const runs = tables.runs();
  const lists = tables.partLists();
  const stored = storedObjects(layout);
  const marking = new Marking(objects, stored);
  const byKey = new Map(actions.map((action) => [action.key, action]));
  const kept = new Set<string>();
  const keep = (key: Digest): void => {
    const action = byKey.get(key);
    if (action === undefined) return;
    kept.add(key);
    for (const output of Object.values(action.outputs)) marking.output(output);
  };

  const locks = [session.lock, ...otherLocks(session)].filter((lock) => lock !== undefined);
  const successes = tables.lastSuccesses();
  const targets = new Set([...pipeline.targets.keys(), ...locks.flatMap((lock) => Object.keys(lock.targets))]);
  for (const target of targets) {
    const key = successes.get(target);
    if (key !== undefined) keep(key);
  }
  const digests = new Set<Digest>(presentDigests(root, tables.outputPaths()));
  for (const lock of locks) {
    for (const { key, outputs } of Object.values(lock.targets)) {
      keep(key);
      for (const digest of Object.values(outputs)) digests.add(digest);
    }
  }
  for (const digest of digests) marking.object(digest);
  for (const { key, outputs } of actions) {
    const there = Object.values(outputs).filter(({ digest }) => digests.has(digest));
    for (const output of there) marking.output(output);
    if (there.length > 0 && there.length === Object.keys(outputs).length) keep(key);
  }
  const now = marking.bytes;

  const used = new Map<string, number>();
  let budget = RESULTS_READ;
  const read = new Set<Digest>();
  for (const [n, run] of runs.entries()) {
    const ref = resultsRef(run);
    if (ref === undefined) continue;
    if (n < keepRuns) for (const object of resultsObjects(objects, ref)) marking.object(object);
    budget -= stored.get(ref)?.bytes ?? 0;
    if (read.has(ref) || (n >= keepRuns && budget < 0)) continue;
    read.add(ref);
    for (const { key, outputs } of Object.values(loadResults(objects, run) ?? {})) {
      if (!used.has(key)) used.set(key, run.startedMs);
      if (n >= keepRuns) continue;
      keep(key);
      for (const [name, { kind, digest, bytes }] of Object.entries(outputs)) {
        if (bytes?.inside === undefined) {
          if (bytes !== undefined) marking.output({ kind, digest, bytes });
        } else if (byKey.get(key)?.outputs[name]?.digest !== digest) {
          // No row of the index tells where it lies, and what a run stored never changes: so the blob stays as it is.
          marking.object(bytes.inside.blob);
        }
      }
    }
  }
  const withRuns = marking.bytes;

  const listed = new Set([...lists].filter(([target]) => targets.has(target)).flatMap(([, keys]) => keys));
  for (const { key, outputs } of parts)
    if (listed.has(key)) for (const output of Object.values(outputs)) marking.output(output);

  const started = new Map(runs.map((run) => [run.id, run.startedMs]));
  const spare: Spare[] = [
    ...actions
      .filter(({ key }) => !kept.has(key))
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
    ...runs.slice(keepRuns).map((run): Spare => {
      const ref = resultsRef(run);
      const results = (ref === undefined ? [] : resultsObjects(objects, ref)).map((digest) => {
        return { kind: 'file', digest, bytes: { sha256: digest, size: 0 } };
      });
      return { type: 'run', id: run.id, target: '', outputs: results, usedMs: run.startedMs };
    }),
  ];
  spare.sort((a, b) => b.usedMs - a.usedMs);
  const needed = { now, runs: withRuns - now, parts: marking.bytes - withRuns };
  return { stored, marking, needed, spare, actions, parts, runs };
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
