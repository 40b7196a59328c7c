import { join } from 'node:path';
import type { Lane as TimelineLane } from '../base/timeline.js';
import type { Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import { formatDiagnostic } from '../diagnostics/format.js';
import { TaskError } from '../host/pool.js';
import type { MadePart, TaskFailure, TaskMessage } from '../host/protocol.js';
import type { LoadedRule } from '../rule/description.js';
import type { PartResult } from '../store/part-columns.js';
import { diagnosticOf, InputChanged, Interrupted, TargetError } from './failure.js';
import type { MissingParts } from './missing-parts.js';
import { PartQueue, type Attempt } from './part-queue.js';
import { limits, ruleTask } from './rule-task.js';
import type { Grant } from './slots.js';
import { Lane } from './staging.js';
import { relay, type TargetWork } from './work.js';

/** So many parts go to a host at once at the most: what they are crosses the pipe before the first is begun. */
const LONGEST_BATCH = 500;

/** A part in work. */
interface Open extends Attempt {
  readonly id: string;
  readonly key: Digest;
}

/**
 * Makes parts with as many workers as there may be, each in a slot of its own. Gives how many are made.
 *
 * @param took told what each came to
 */
export async function makeParts(
  work: TargetWork,
  rule: LoadedRule,
  concurrency: number | null,
  missing: MissingParts,
  took: (part: number, result: PartResult) => void,
): Promise<number> {
  const { run, target, slots, signal, priority } = work;
  const count = Math.min(missing.count, concurrency ?? run.session.jobs);
  // A timeout is a part's. Parts that wait rather than compute would wait for each other in a batch.
  const inBatches = concurrency === null && target.timeoutMs === undefined;
  const queue = new PartQueue(missing.count, { workers: count, longest: inBatches ? LONGEST_BATCH : 1 });
  let made = 0;
  let stop: Error | undefined;

  const fail = (one: Open, failure: Exclude<TaskFailure, { type: 'aborted' }>): void => {
    const diagnostic = diagnosticOf(failure, run.session.root);
    const { id, attempt } = one;
    const final = attempt > target.retries;
    run.log(target.name).write(formatDiagnostic(diagnostic, { color: false }), id);
    run.emit({ type: 'part-failed', target: target.name, part: id, diagnostic, attempt, final });
    if (!final) queue.again(one);
  };
  const finish = ({ part, id, key }: Open, { outputs, meta, seconds }: MadePart): void => {
    run.session.index.putPart(target.name, { key, outputs, meta, seconds });
    took(part, { outputs, meta });
    made++;
    queue.took(seconds);
    run.emit({ type: 'part-finished', target: target.name, part: id, seconds });
  };
  const make = async (taken: readonly Attempt[], lane: Lane, on: TimelineLane): Promise<void> => {
    const batch = taken.map((one): Open => ({ ...one, id: missing.id(one.part), key: missing.key(one.part) }));
    const [first] = batch;
    const facts: JsonObject =
      batch.length > 1 || first === undefined
        ? { target: target.name, parts: batch.length }
        : { target: target.name, key: first.key, attempt: first.attempt };
    const span = run.session.timeline.begin({ phase: 'make', lane: on, name: nameOf(batch), facts });
    const open = new Map(batch.map((one) => [one.key, one]));
    const take = (key: Digest): Open | undefined => {
      const one = open.get(key);
      open.delete(key);
      return one;
    };
    const say = relay(work);
    const hear = (message: TaskMessage, part?: string): void => {
      if (message.type === 'made') {
        for (const made of message.parts) {
          const one = take(made.key);
          if (one !== undefined) finish(one, made);
        }
      } else if (message.type === 'part-failed') {
        const one = take(message.key);
        if (one !== undefined && message.failure.type !== 'aborted') fail(one, message.failure);
      } else say(message, part);
    };
    let broken: Error | undefined;
    try {
      await run.session.hosts.run(
        {
          type: 'make',
          ...ruleTask(work, rule),
          inputs: {},
          outputs: lane.outputs,
          parts: missing.packed(batch.map(({ part }) => part)),
        },
        {
          ...limits(work),
          ...(concurrency === null ? {} : { concurrency }),
          on: (message, part) => {
            // Whoever calls this cannot catch what the index throws.
            try {
              if (broken === undefined) hear(message, part);
            } catch (error) {
              broken = asError(error);
            }
          },
        },
      );
      if (broken !== undefined) throw broken;
      // A part of which nobody told would neither be made nor have failed.
      if (open.size > 0) throw new Error(`a host told nothing of ${open.size} of ${batch.length} parts`);
    } catch (error) {
      if (broken !== undefined) throw broken;
      if (!(error instanceof TaskError)) throw error;
      const { failure } = error;
      if (failure.type === 'aborted') throw new Interrupted();
      if (failure.type === 'input-changed') throw new InputChanged(failure.slice);
      // A full disk fails every part alike: there is no point in trying the others.
      if (failure.type === 'system') throw new TargetError(diagnosticOf(failure, run.session.root));
      // Whose fault it is that their host is gone only shows when each is made alone.
      for (const one of open.values()) {
        if (batch.length > 1) queue.alone(one);
        else fail(one, failure);
      }
    } finally {
      span.end();
    }
  };
  const worker = async (n: number, shared: Grant | undefined): Promise<void> => {
    const lane = new Lane(join(work.staging.folder, `lane-${n}`), Object.values(target.outputs));
    while (!queue.isEmpty && stop === undefined) {
      const grant = shared ?? (await slots.acquire(target.resources, priority, signal, target.name));
      try {
        const batch = queue.take();
        const on = { type: 'slot', slot: grant.slot, ...(shared === undefined ? {} : { worker: n + 1 }) } as const;
        if (batch.length > 0) await make(batch, lane, on);
      } finally {
        if (shared === undefined) grant.release();
      }
    }
  };

  // Parts that wait rather than compute share one slot.
  const shared =
    concurrency === null || count === 0
      ? undefined
      : await slots.acquire(target.resources, priority, signal, target.name);
  try {
    await Promise.all(
      Array.from({ length: count }, async (_, n) => {
        try {
          await worker(n, shared);
        } catch (error) {
          // The others finish what they have in hand.
          stop ??= asError(error);
        }
      }),
    );
  } finally {
    shared?.release();
  }
  run.session.index.flush();
  // The workers above assign it, which the compiler cannot see.
  const stopped = stop;
  if (stopped !== undefined) throw stopped;
  return made;
}

/** A batch, for people. */
function nameOf(batch: readonly Open[]): string {
  const [first, last] = [batch[0]?.id ?? '', batch.at(-1)?.id ?? ''];
  return batch.length > 1 ? `${first} … ${last}` : first;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
