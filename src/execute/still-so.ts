import type { Target } from '../config/pipeline.js';
import type { Decision } from '../plan/decision.js';
import type { Fingerprint } from '../plan/fingerprint.js';
import type { Settled } from './build-state.js';
import { handingOf } from './handing.js';
import type { Session } from './session.js';

/** Whether a target's inputs are, by their stats, what its fingerprint says. False of what is not simple to tell. */
export function inputsAreStill(session: Session, target: Target, fingerprint: Fingerprint): boolean {
  if (Object.values(fingerprint.inputs).some((print) => typeof print !== 'string')) return false;
  return handingOf(session, target, fingerprint).items.every(
    ({ path, kind, digest }) => session.digester.known(path, kind) === digest,
  );
}

/**
 * Of targets that were found or made fresh, those that would be decided so again: their inputs and outputs are, by their
 * stats, what they were. What else a key is made of does not change while a session is open, but for what tools say.
 */
export function stillFresh(session: Session, settled: Settled): Map<string, Decision> {
  return new Map(
    [...settled].filter(([name, { fingerprint, outputs }]) => {
      const target = session.pipeline.targets.get(name);
      if (target === undefined || usesTools(fingerprint)) return false;
      return (
        inputsAreStill(session, target, fingerprint) &&
        Object.values(target.outputs).every(
          ({ name: output, path, kind }) => session.digester.known(path, kind) === outputs[output]?.digest,
        )
      );
    }),
  );
}

function usesTools({ work }: Fingerprint): boolean {
  return work.type === 'command' && Object.keys(work.tools).length > 0;
}
