/** What an export costs when nothing changed, and when its database has one session more. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyAndDigest, costOfBuild, medianCost, megabytes, type BuildCost, type Cost } from './data-cost.js';
import { addSession, type DatabaseShape } from './data-databases.js';
import type { PlayedTurn } from './data-episodes.js';
import { median } from './timing.js';

/** How fast the digest of a foreign database has to be. */
const DIGEST_MB_A_SECOND = 1200;
/** Sessions that are added are no longer than this. */
const TURNS = 100;

const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`;

/**
 * In a project whose target `full` exports `traces.db` and is fresh, whose `traces` makes a database of its own of it, and
 * whose `own` exports that.
 *
 * @param full what the whole export took.
 */
export function measureChange(
  root: string,
  shape: DatabaseShape,
  played: readonly PlayedTurn[],
  full: Cost,
  rounds: number,
): void {
  const database = join(root, 'traces.db');
  const nothing = Array.from({ length: rounds + 1 }, () => costOfBuild(root, 'full', 2)).slice(1);
  const readMB = Math.max(...nothing.map((cost) => cost.readMB));
  const idle = medianCost(nothing).seconds;
  console.log(`  nothing to do ${milliseconds(idle)}, ${readMB.toFixed(1)} MB read`);

  costOfBuild(root, 'own', 2);
  let session = shape.sessions;
  const foreign: BuildCost[] = [];
  const own: BuildCost[] = [];
  for (let round = 0; round < rounds; round++) {
    addSession(database, session++, Math.min(shape.turns, TURNS), played);
    foreign.push(costOfBuild(root, 'full', 2));
    addSession(database, session++, Math.min(shape.turns, TURNS), played);
    costOfBuild(root, 'traces', 2);
    own.push(costOfBuild(root, 'own', 2));
  }
  const rows = join(root, 'out', 'own.jsonl');
  const copied = median(Array.from({ length: rounds + 1 }, () => copyAndDigest(rows, `${rows}.copy`)));
  rmSync(`${rows}.copy`);
  const goal = idle + 1.3 * copied;
  const parts = `goal: nothing to do + 1.3 x copy and digest of the rows in ${milliseconds(copied)}`;
  report('a foreign database', foreign, full, goal + megabytes(database) / DIGEST_MB_A_SECOND, `${parts} + a digest`);
  report("a target's database", own, full, goal, parts);
}

function report(whose: string, costs: readonly BuildCost[], full: Cost, goal: number, parts: string): void {
  const { seconds } = medianCost(costs);
  const made = costs.map((cost) => `${cost.parts.made} of ${cost.parts.total}`).at(-1) ?? '';
  const share = ((100 * seconds) / full.seconds).toFixed(0);
  console.log(
    `  one session more in ${whose}: ${milliseconds(seconds)}, ${share} % of the full export, ${made} parts made ` +
      `(${milliseconds(goal)}; ${parts})`,
  );
}
