import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { decideAll } from '../plan/decide.js';
import type { Decision } from '../plan/decision.js';
import { absentFor, lackingSources } from '../plan/graph.js';
import { plan } from './build.js';
import type { Session } from './session.js';

/** How the targets of a project stand. */
export interface Overview {
  /** In topological order. */
  readonly names: readonly string[];
  /** Of those for which all sources are there. */
  readonly decisions: ReadonlyMap<string, Decision>;
  /** What of the sources is not there. */
  readonly absent: readonly Diagnostic[];
}

/**
 * Of the targets that words name and what they need, or of all: then a source that is not there hides nothing of what does
 * not need it. Writes and runs nothing.
 *
 * @throws UserFacingError for words that mean nothing, and where a target that was named needs what is not there.
 */
export async function overviewOf(session: Session, words: readonly string[]): Promise<Overview> {
  if (words.length > 0) {
    const decisions = await plan(session, { targets: words });
    return { names: [...decisions.keys()], decisions, absent: [] };
  }
  const { graph } = session;
  const lacking = lackingSources(graph);
  const there = graph.order.filter((name) => !lacking.has(name));
  const decisions = await decideAll(session.planContext(), there);
  return { names: graph.order, decisions, absent: absentFor(graph, lacking) };
}
