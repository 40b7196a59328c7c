import type { Random } from './random.js';
import type { CallGroup, FaultPoint } from './strace.js';

/**
 * About how many calls of a group a small build has in one thread, from the first that may matter: a point beyond the
 * last call is one where nothing happens.
 */
const REACH: Readonly<Record<CallGroup, readonly [least: number, most: number]>> = {
  pages: [1, 130],
  writes: [4, 50],
  renames: [1, 12],
  removals: [1, 14],
  folders: [1, 26],
  syncs: [1, 8],
  opens: [70, 260],
  closes: [60, 260],
  processes: [1, 8],
  locks: [1, 200],
};

const GROUPS = Object.keys(REACH) as CallGroup[];

export function randomPoint(random: Random, among: readonly CallGroup[] = GROUPS): FaultPoint {
  const calls = random.pick(among);
  const [least, most] = REACH[calls];
  return { calls, at: random.between(least, most), whose: random.chance(0.2) ? 'own' : 'any' };
}
