import { basename } from 'node:path';
import type { KindName } from '../artifacts/kind.js';
import type { Target } from '../config/pipeline.js';
import { archiveErrors } from '../diagnostics/archive.js';
import { EXIT, UserFacingError } from '../diagnostics/diagnostic.js';
import { formFingerprint, type PlanContext } from '../plan/decide.js';
import type { Digester } from '../plan/digester.js';
import { keyOf, type InputPrint } from '../plan/fingerprint.js';
import { resolveInput, resolveWords, type ResolvedInput } from '../plan/graph.js';
import { inputPrint } from '../plan/inputs.js';
import {
  inputDifferences,
  inputItems,
  workDifferences,
  type Found,
  type FoundWork,
  type LockDifference,
  type NamedFound,
} from '../plan/lock-difference.js';
import type { LockedTarget, LockFile } from '../plan/lock-file.js';
import { presentOutputs } from '../plan/outputs.js';
import type { Session } from './session.js';

export interface Verified {
  readonly differences: readonly LockDifference[];
  /** How many targets of the lock were looked at. */
  readonly targets: number;
  /** Targets of the pipeline that the lock does not name: nothing is known of them. */
  readonly notLocked: readonly string[];
}

/**
 * Compares sources, code, params and outputs with the lock; runs and writes nothing. The session should trust no stat
 * record. What a target reads of another one is compared where that one makes it, and not again where it is read.
 *
 * @throws UserFacingError (exit code 3) where there is no lock, or it does not name a wanted target.
 */
export async function verify(session: Session, words: readonly string[]): Promise<Verified> {
  const { lock, wanted, notLocked } = wantedOfLock(session, words);
  const context = { ...session.planContext(), digester: remembering(session.digester) };
  const differences: LockDifference[] = [];
  const wrong = new Set<string>();
  for (const name of wanted) {
    const target = session.pipeline.targets.get(name);
    const locked = lock.targets[name];
    if (locked === undefined) continue;
    if (target === undefined) {
      differences.push({ target: name, what: 'target', locked: locked.key, found: 'not in the pipeline file' });
      continue;
    }
    for (const { use, digest } of (await presentOutputs(target, context.digester)).values()) {
      const expected = locked.outputs[use.name] ?? 'absent';
      if (digest === expected) continue;
      wrong.add(`${name} ${use.name}`);
      differences.push({
        target: name,
        what: 'output',
        name: use.name,
        path: use.path,
        locked: expected,
        found: digest,
      });
    }
    differences.push(...(await keyDifferences(target, locked, context, wrong)));
  }
  return { differences, targets: wanted.length, notLocked };
}

/** The lock's targets that are meant, those of the pipeline in its order first. */
export function wantedOfLock(
  { lock, lockPath, graph, pipeline }: Session,
  words: readonly string[],
): { readonly lock: LockFile; readonly wanted: readonly string[]; readonly notLocked: readonly string[] } {
  const path = basename(lockPath);
  if (lock === undefined) throw new UserFacingError(archiveErrors.nothingToVerify({ path }), EXIT.different);
  if (words.length > 0) {
    const wanted = resolveWords(graph, words);
    const missing = wanted.filter((name) => lock.targets[name] === undefined);
    if (missing.length > 0)
      throw new UserFacingError(archiveErrors.notInLock({ targets: missing, path }), EXIT.different);
    return { lock, wanted, notLocked: [] };
  }
  const here = graph.order.filter((name) => lock.targets[name] !== undefined);
  const gone = Object.keys(lock.targets).filter((name) => !pipeline.targets.has(name));
  return { lock, wanted: [...here, ...gone], notLocked: graph.order.filter((name) => !here.includes(name)) };
}

async function keyDifferences(
  target: Target,
  locked: LockedTarget,
  context: PlanContext,
  wrong: ReadonlySet<string>,
): Promise<LockDifference[]> {
  const prints: Record<string, InputPrint> = {};
  const differences: LockDifference[] = [];
  let complete = true;
  for (const use of Object.values(target.inputs)) {
    const input = resolveInput(context.graph, use);
    const found = await inputFound(input, context.digester);
    const before = inputItems(locked.inputs[use.role]);
    const changed = inputDifferences(target.name, use.role, before, found);
    if (changed.length > 0 || found.some(({ digest }) => digest === 'absent' || digest === 'unreadable'))
      complete = false;
    const told = new Set(
      input.items.filter(({ from }) => from && wrong.has(`${from.target} ${from.output}`)).map(({ path }) => path),
    );
    differences.push(...changed.filter(({ path }) => path === undefined || !told.has(path)));
    prints[use.role] = printOf(input, found, context.digester);
  }
  for (const role of Object.keys(locked.inputs)) {
    if (role in target.inputs) continue;
    complete = false;
    differences.push(...inputDifferences(target.name, role, inputItems(locked.inputs[role]), []));
  }
  const { work, params } = await formFingerprint(target, {}, context).catch((error: unknown) => {
    // A tool that is not installed here.
    if (!(error instanceof UserFacingError) || target.work.type !== 'command') throw error;
    return { work: { type: 'command', text: target.work.text, tools: {} } as const, params: target.params };
  });
  const now: FoundWork =
    work.type === 'rule'
      ? { rule: work.rule, code: work.code, params }
      : { command: work.text, tools: work.tools, params };
  const changed = workDifferences(target.name, locked, now);
  differences.push(...changed);
  if (complete && changed.length === 0) {
    const key = keyOf(await formFingerprint(target, prints, context));
    if (key !== locked.key) differences.push({ target: target.name, what: 'key', locked: locked.key, found: key });
  }
  return differences;
}

async function inputFound({ items, kind, list }: ResolvedInput, digester: Digester): Promise<NamedFound[]> {
  const found: NamedFound[] = [];
  for (const [n, { path, name }] of items.entries()) {
    const item = list ? (name ?? String(n + 1)) : '';
    found.push({ item, path, digest: await digestOrWhy(path, kind, digester) });
  }
  return found;
}

async function digestOrWhy(path: string, kind: KindName, digester: Digester): Promise<Found> {
  try {
    return await digester.digest(path, kind);
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    return 'unreadable';
  }
}

/** As it enters the fingerprint; meant only where every item has a digest. */
function printOf(input: ResolvedInput, found: readonly NamedFound[], digester: Digester): InputPrint {
  const digests = found.flatMap(({ digest }) => (digest === 'absent' || digest === 'unreadable' ? [] : [digest]));
  return inputPrint(input, digests, { digester });
}

/** A file is read once, however many targets read it. */
function remembering(digester: Digester): Digester {
  const known = new Map<string, ReturnType<Digester['digest']>>();
  return {
    known: () => undefined,
    digest: (path, kind) => {
      const name = `${kind === 'jsonl' ? 'file' : kind}:${path}`;
      const digest = known.get(name) ?? digester.digest(path, kind);
      known.set(name, digest);
      return digest;
    },
    entries: (path) => digester.entries(path),
    isExecutable: (path) => digester.isExecutable(path),
  };
}
