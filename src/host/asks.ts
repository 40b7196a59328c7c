import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readings } from '../artifacts/handles.js';
import { canonicalJson } from '../base/canonical.js';
import { sha256 } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { hostErrors } from '../diagnostics/host.js';
import { answersOf } from './answers-of.js';
import { unpackParts } from './packed-parts.js';
import { OpenedSlices } from './opened-slices.js';
import type { AsksTask, TaskResults } from './protocol.js';
import { loadRule } from './rule-context.js';
import type { RunningTask } from './running-task.js';

export async function runAsks(task: AsksTask, running: RunningTask): Promise<TaskResults['asks']> {
  const rule = await loadRule(task, 'parts');
  const readings = new Readings();
  const [part] = unpackParts(task.part);
  if (part === undefined) throw new TypeError('there is no part to ask of');
  const slices = new OpenedSlices(part.slices, readings);
  try {
    const questions = await rule.asks?.({
      spec: part.spec,
      inputs: slices.handles,
      answered: await answeredIn(task),
      signal: running.abort.signal,
    });
    if (questions !== undefined && (!Number.isSafeInteger(questions) || questions < 0))
      throw new UserFacingError(hostErrors.notACount(part.id, String(questions)));
    return { questions: questions ?? 0 };
  } finally {
    slices.close();
    readings.close();
  }
}

/** Looks questions up; a store of answers that is not there is not made. */
async function answeredIn({ cache, rule, askAgain }: AsksTask): Promise<(question: Json) => Json | undefined> {
  if (askAgain !== undefined || !existsSync(join(cache, 'answers.db'))) return () => undefined;
  const answers = await answersOf(cache);
  return (question) => answers.get(rule, sha256(canonicalJson(question)));
}
