import { columnsOf } from '../store/part-results.js';
import { joinedParts, type JoinedPart, type JoinedParts } from './joined-parts.js';

/** Parts with one output each, for tests. */
export function partsToJoin(parts: readonly JoinedPart[]): JoinedParts {
  const results = parts.map(({ kind, digest, bytes }) => ({ outputs: { out: { kind, digest, bytes } }, meta: {} }));
  return joinedParts([{ ids: JSON.stringify(parts.map(({ id }) => id)), made: columnsOf(results) }], 'out');
}
