import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { storedEntries, totalSize } from '../artifacts/directory.js';
import type { Digest } from '../base/digest.js';
import { compareBytes } from '../base/order.js';
import { Answers } from '../store/answers.js';
import { checkObjects } from '../store/gc-objects.js';
import { IndexTables } from '../store/gc-index.js';
import { holderOf, type ObjectStore } from '../store/objects.js';
import type { StoredOutput } from '../store/records.js';
import { GC_BOUNDS, totalOf } from './gc.js';
import { Marking } from './marking.js';
import { neededOf } from './repack.js';
import type { Session } from './session.js';
import { surveyStore, type Need, type Survey } from './survey.js';

export interface CacheStats {
  /** Objects and bytes in the store. */
  readonly objects: number;
  readonly bytes: number;
  /** Bytes, each counted for the first that needs it; `spare`: of results that nothing needs; `loose`: of none. */
  readonly kept: Readonly<Record<Need | 'spare' | 'loose', number>>;
  /** Bytes of those beside what is needed, in objects of which only pieces are. */
  readonly gaps: number;
  /** Remembered results and parts. */
  readonly results: number;
  readonly parts: number;
  /** What all remembered outputs would take one by one, and how much less the store takes. */
  readonly outputBytes: number;
  readonly savedBytes: number;
  readonly answers: number;
  /** Bytes of folders and files of `cache/` besides the objects. */
  readonly beside: Readonly<Record<'answers' | 'index' | 'rules' | 'databases' | 'logs' | 'aside' | 'stage', number>>;
}

/** What the store keeps, and for what. */
export function cacheStats(session: Session): CacheStats {
  const { layout, objects } = session;
  session.index.flush();
  const tables = new IndexTables(layout);
  try {
    const survey = surveyStore(session, tables, GC_BOUNDS.keepRuns);
    const bytes = totalOf(survey);
    const needed = survey.marking.bytes;
    for (const { outputs } of survey.spare) for (const output of outputs) survey.marking.output(output);
    const spare = survey.marking.bytes - needed;
    let gaps = 0;
    for (const pieces of survey.marking.pieces()) gaps += pieces.size - neededOf(pieces);
    const outputBytes = wholeSize(survey, objects);
    const once = new Marking(objects, survey.stored);
    for (const { outputs } of [...survey.actions, ...survey.parts])
      for (const output of Object.values(outputs)) once.output(output);
    const answers = Answers.open(layout.answers);
    const count = answers.count();
    answers.close();
    return {
      objects: survey.stored.size,
      bytes,
      kept: { ...survey.needed, spare, loose: bytes - needed - spare },
      gaps,
      results: survey.actions.length,
      parts: survey.parts.length,
      outputBytes,
      savedBytes: Math.max(0, outputBytes - once.bytes),
      answers: count,
      beside: {
        answers: databaseSize(layout.answers),
        index: databaseSize(layout.index),
        rules: sizeOf(layout.rules),
        databases: sizeOf(layout.databases),
        logs: sizeOf(layout.logs),
        aside: sizeOf(layout.aside),
        stage: sizeOf(layout.stage),
      },
    };
  } finally {
    tables.close();
  }
}

/** What all remembered outputs of which something is stored would take, each on its own. */
function wholeSize({ actions, parts, stored }: Survey, objects: ObjectStore): number {
  const folders = new Map<Digest, number>();
  const sizeOfOutput = (output: StoredOutput): number => {
    const { sha256, size } = output.bytes;
    if (!stored.has(holderOf(output.bytes))) return 0;
    if (output.kind !== 'directory') return size;
    let sum = folders.get(sha256);
    if (sum === undefined) {
      sum = size + totalSize(storedEntries(output, objects) ?? []);
      folders.set(sha256, sum);
    }
    return sum;
  };
  let sum = 0;
  for (const { outputs } of [...actions, ...parts])
    for (const output of Object.values(outputs)) sum += sizeOfOutput(output);
  return sum;
}

function databaseSize(path: string): number {
  return ['', '-wal', '-shm'].reduce((sum, suffix) => sum + sizeOf(path + suffix), 0);
}

function sizeOf(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

export interface CacheCheck {
  readonly objects: number;
  readonly bytes: number;
  /** Objects that were not what their name says; they are dropped. */
  readonly damaged: readonly Digest[];
  /** Objects of which a piece is gone, damaged ones' lists among them. */
  readonly incomplete: readonly Digest[];
  /** What that costs. */
  readonly lost: readonly LostResult[];
}

export interface LostResult {
  readonly target: string;
  /** Whether it is the target's last result; an older one is missed only when one goes back to it. */
  readonly last: boolean;
  /** Outputs that can no longer be restored. */
  readonly outputs: readonly string[];
  /** How many parts of the target must be made again when they are wanted again. */
  readonly parts: number;
}

/** Reads every object of the store, drops what is damaged, and finds the results that needed it. */
export async function checkCache(session: Session): Promise<CacheCheck> {
  const { layout, objects } = session;
  session.index.flush();
  const tables = new IndexTables(layout);
  try {
    const survey = surveyStore(session, tables, GC_BOUNDS.keepRuns);
    const { damaged, incomplete } = await checkObjects(objects, survey.stored);
    const broken = new Set([...damaged, ...incomplete]);
    const lost = broken.size === 0 ? [] : lostResults(survey, tables.lastSuccesses(), broken, objects);
    return { objects: survey.stored.size, bytes: totalOf(survey), damaged, incomplete, lost };
  } finally {
    tables.close();
  }
}

function lostResults(
  { actions, parts }: Survey,
  last: ReadonlyMap<string, Digest>,
  broken: ReadonlySet<Digest>,
  objects: ObjectStore,
): LostResult[] {
  const isLost = (output: StoredOutput): boolean =>
    broken.has(holderOf(output.bytes)) ||
    (output.kind === 'directory' &&
      objects.has(output.bytes) &&
      storedEntries(output, objects)?.some(({ sha256 }) => broken.has(sha256)) === true);
  const lost: LostResult[] = [];
  for (const { key, target, outputs } of actions) {
    const names = Object.keys(outputs).filter((name) => {
      const output = outputs[name];
      return output !== undefined && isLost(output);
    });
    if (names.length > 0) lost.push({ target, last: last.get(target) === key, outputs: names, parts: 0 });
  }
  const counts = new Map<string, number>();
  for (const { target, outputs } of parts)
    if (Object.values(outputs).some(isLost)) counts.set(target, (counts.get(target) ?? 0) + 1);
  for (const [target, count] of counts) lost.push({ target, last: false, outputs: [], parts: count });
  return lost.sort((a, b) => compareBytes(a.target, b.target) || Number(b.last) - Number(a.last));
}
