import test from 'ava';
import { faultRound, told, type Survived } from './round.js';
import { missingTracer } from './strace.js';

const missing = missingTracer();
const traced = missing === undefined ? test.serial : test.serial.skip;

/** `npm run test:faults` does the same for longer, and with other seeds. */
const SEEDS = [1, 2, 3, 4, 5];

traced('a build that is killed anywhere costs nothing that the next one does not bring back', async (t) => {
  t.timeout(280_000);
  const total: Survived = {};
  for (const seed of SEEDS) {
    const cleanups: (() => unknown)[] = [];
    const survived = await faultRound({ teardown: (cleanup) => void cleanups.push(cleanup) }, seed);
    for (const cleanup of cleanups.reverse()) await cleanup();
    for (const [what, times] of Object.entries(survived)) total[what] = (total[what] ?? 0) + times;
  }
  t.log(`survived with the seeds ${SEEDS.join(', ')}: ${told(total)}`);
  t.true((total['killed'] ?? 0) >= 10, 'hardly a build was killed: do the points of the faults still fit?');
});

if (missing !== undefined) test(`kills are not tested: ${missing}`, (t) => t.pass());
