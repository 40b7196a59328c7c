import { join } from 'node:path';
import type { Decision } from '../plan/decision.js';
import { TaskError } from '../host/pool.js';
import { valuesOf, handingOf } from './handing.js';
import type { Session } from './session.js';

/** How a target's parts stand, before anything is made. */
export interface PartsPreview {
  readonly total: number;
  /** Made before: taken from the store. */
  readonly remembered: number;
  /** To be made: under an id that the last listing had with another key, or under a new one. */
  readonly changed: number;
  readonly added: number;
}

/**
 * Lists the parts of a target whose inputs are known and compares them with what is remembered. This runs the rule's
 * `parts` (which is pure) in a host, and writes nothing. Undefined for what has no parts, or cannot be listed now.
 */
export async function previewParts(session: Session, decision: Decision): Promise<PartsPreview | undefined> {
  const target = session.pipeline.targets.get(decision.target);
  if (target?.work.type !== 'rule' || decision.state === 'waiting') return undefined;
  const { rule } = target.work;
  if (rule.shape !== 'parts') return undefined;
  const { root, layout, index, hosts } = session;
  const known = new Map(index.partList(target.name).map(({ id, key }) => [id, key]));
  const outputs = Object.values(target.outputs).map(({ name, kind }) => {
    return [name, { kind, path: join(layout.stage, 'preview', name) }] as const;
  });
  let [total, remembered, changed, added] = [0, 0, 0, 0];
  try {
    await hosts.run(
      {
        type: 'list',
        target: target.name,
        root,
        cache: layout.cache,
        rule: rule.name,
        code: rule.code,
        bundle: rule.bundle,
        source: rule.path,
        env: valuesOf(session, target.env),
        secrets: valuesOf(session, target.secrets),
        inputs: handingOf(session, target, decision.fingerprint).inputs,
        outputs: Object.fromEntries(outputs),
        params: target.params,
        envDigests: decision.fingerprint.env,
      },
      {
        on: (message) => {
          if (message.type !== 'parts') return;
          const made = index.parts(message.parts.map(({ key }) => key));
          for (const { id, key } of message.parts) {
            total++;
            if (made.has(key)) remembered++;
            else if (known.has(id)) changed++;
            else added++;
          }
        },
      },
    );
  } catch (error) {
    // A rule that cannot list its parts says so when it is built, with a log.
    if (error instanceof TaskError) return undefined;
    throw error;
  }
  return { total, remembered, changed, added };
}
