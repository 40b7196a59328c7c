import { existsSync, readFileSync } from 'node:fs';
import type { Digest } from '../base/digest.js';
import type { Decision } from '../plan/decision.js';
import { lockedTarget, nextLock, printLock, type LockedTarget } from '../plan/lock-file.js';
import { writeAtomic } from '../store/atomic-write.js';
import type { Session } from './session.js';

/** Writes the lock from decisions that are all fresh. Gives whether its bytes changed; equal ones are not written. */
export function writeLockFrom(session: Session, decisions: ReadonlyMap<string, Decision>): boolean {
  const blocks: Record<string, LockedTarget> = {};
  for (const decision of decisions.values()) {
    const target = session.pipeline.targets.get(decision.target);
    if (target === undefined || decision.state !== 'fresh') continue;
    const digests: Record<string, Digest> = {};
    for (const [name, output] of Object.entries(decision.outputs)) digests[name] = output.digest;
    const recorded = session.index.action(decision.key);
    blocks[decision.target] = lockedTarget(target, decision.fingerprint, digests, {
      parts: recorded?.parts ?? null,
      ...(recorded?.accepted === undefined ? {} : { accepted: recorded.accepted }),
    });
  }
  const text = printLock(nextLock(session.lock, blocks, (target) => session.pipeline.targets.has(target)));
  if (existsSync(session.lockPath) && readFileSync(session.lockPath, 'utf8') === text) return false;
  writeAtomic(session.lockPath, text);
  return true;
}
