import { join } from 'node:path';
import type { RuleUse, Target } from '../config/pipeline.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { TaskError } from '../host/pool.js';
import type { ListTask } from '../host/protocol.js';
import type { Decision } from '../plan/decision.js';
import { diagnosticOf } from './failure.js';
import { valuesOf, handingOf } from './handing.js';
import { listParts } from './list-parts.js';
import { Listing } from './listing.js';
import type { MissingParts } from './missing-parts.js';
import { secondsWithParts } from './part-seconds.js';
import type { Session } from './session.js';

/** How a target's parts stand, before anything is made. */
export interface PartsPreview {
  readonly total: number;
  /** Made before: taken from the store. */
  readonly remembered: number;
  /** To be made: under an id that the last listing had with another key, or under a new one. */
  readonly changed: number;
  readonly added: number;
  readonly asks?: AsksPreview;
  /** What the target takes with so many parts to make; absent where nothing tells. */
  readonly seconds?: number;
}

/** What is asked anew: where parts would have questions that nobody answered, or would come out different. */
export interface AsksPreview {
  /** How many parts ask. */
  readonly parts: number;
  /** How many questions they ask at most; null where the rule does not say. */
  readonly questions: number | null;
}

interface PreviewOptions {
  /** Whether to find out what is asked, which plays through the answers that are there. */
  readonly questions: boolean;
  /** Answers that are there do not count (`--ask-again`). */
  readonly askAgain?: boolean | undefined;
}

type StaleOrKnown = Exclude<Decision, { state: 'waiting' }>;

/**
 * Lists the parts of a target whose inputs are known and compares them with what is remembered. This runs the rule's
 * `parts` and `asks` (which are pure) in hosts, and writes nothing. Undefined for what has no parts, or cannot be listed
 * now.
 *
 * @throws UserFacingError where a rule fails to tell its questions.
 */
export async function previewParts(
  session: Session,
  decision: Decision,
  options: PreviewOptions = { questions: false },
): Promise<PartsPreview | undefined> {
  const target = session.pipeline.targets.get(decision.target);
  if (target?.work.type !== 'rule' || decision.state === 'waiting') return undefined;
  if (target.work.rule.shape !== 'parts') return undefined;
  const { index } = session;
  const isForced = decision.state === 'stale' && decision.reasons.some(({ type }) => type === 'forced');
  const listing = new Listing(index, target.name, isForced ? 'all' : new Set());
  try {
    const task = listTask(session, target, target.work, decision);
    await listParts(session, task, listing, { described: options.questions });
  } catch (error) {
    // A rule that cannot list its parts says so when it is built, with a log.
    if (error instanceof TaskError) return undefined;
    throw error;
  }
  const { total, remembered } = listing;
  const before = remembered === total ? new Set() : new Set(index.partList(target.name).map(({ id }) => id));
  const changed = listing.missingIds().filter((id) => before.has(id)).length;
  const added = total - remembered - changed;
  const asks = options.questions
    ? await previewAsks(session, target, target.work, listing.missing, options)
    : undefined;
  const seconds = secondsWithParts(session, target, total - remembered);
  return {
    total,
    remembered,
    changed,
    added,
    ...(asks === undefined ? {} : { asks }),
    ...(seconds === undefined ? {} : { seconds }),
  };
}

function ruleTask(session: Session, target: Target, { rule }: RuleUse) {
  const { root, layout } = session;
  return {
    target: target.name,
    root,
    cache: layout.cache,
    rule: rule.name,
    code: rule.code,
    bundle: rule.bundle,
    source: rule.path,
    env: valuesOf(session, target.env),
    secrets: valuesOf(session, target.secrets),
  };
}

function listTask(session: Session, target: Target, work: RuleUse, decision: StaleOrKnown): ListTask {
  const outputs = Object.values(target.outputs).map(({ name, kind }) => {
    return [name, { kind, path: join(session.layout.stage, 'preview', name) }] as const;
  });
  return {
    type: 'list',
    ...ruleTask(session, target, work),
    inputs: handingOf(session, target, decision.fingerprint).inputs,
    outputs: Object.fromEntries(outputs),
    params: target.params,
    envDigests: decision.fingerprint.env,
  };
}

async function previewAsks(
  session: Session,
  target: Target,
  work: RuleUse,
  missing: MissingParts,
  { askAgain }: PreviewOptions,
): Promise<AsksPreview | undefined> {
  if (missing.count === 0) return undefined;
  if (!work.rule.asks) return work.deterministic ? undefined : { parts: missing.count, questions: null };
  const task = ruleTask(session, target, work);
  const again = askAgain === true ? { askAgain: join(session.layout.stage, 'preview') } : {};
  // One list for all workers: the hosts' queue stays short.
  let next = 0;
  let [parts, sum] = [0, 0];
  const count = async (): Promise<void> => {
    while (next < missing.count) {
      const part = missing.packed([next++]);
      const { questions } = await session.hosts.run({ type: 'asks', ...task, ...again, inputs: {}, outputs: {}, part });
      if (questions > 0) parts++;
      sum += questions;
    }
  };
  try {
    await Promise.all(Array.from({ length: session.jobs }, count));
    return { parts, questions: sum };
  } catch (error) {
    if (!(error instanceof TaskError) || error.failure.type === 'aborted') throw error;
    throw new UserFacingError(diagnosticOf(error.failure, session.root));
  }
}
