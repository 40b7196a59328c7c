/**
 * The thorough form of the fault tests: `npm run test:faults [-- --kills 1000] [--seed N] [--rounds K] [--jobs J]`.
 * Rounds have the seeds N, N+1, …; `--seed N --rounds 1` does one again. The project of a round that fails is kept.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { commandLine } from '../../bench/command-line.js';
import { faultRound, told, type Survived } from './round.js';
import { missingTracer } from './strace.js';

interface Answer {
  readonly seed: number;
  readonly survived?: Survived;
  readonly failure?: string;
}

if (process.argv[2] === 'worker') work();
else await lead();

/** Does the rounds that it is sent the seeds of. */
function work(): void {
  process.on('message', (seed: number) => {
    const cleanups: (() => unknown)[] = [];
    const answer = (reply: Answer): void => void process.send?.(reply);
    faultRound({ teardown: (cleanup) => void cleanups.push(cleanup) }, seed).then(
      async (survived) => {
        for (const cleanup of cleanups.reverse()) await cleanup();
        answer({ seed, survived });
      },
      (error: unknown) => answer({ seed, failure: error instanceof Error ? error.message : String(error) }),
    );
  });
}

async function lead(): Promise<void> {
  const flags = commandLine('[--kills N] [--seed N] [--rounds N] [--jobs N]', ['kills', 'seed', 'rounds', 'jobs']);
  const missing = missingTracer();
  if (missing !== undefined) {
    console.log(`skipped: ${missing}`);
    return;
  }
  const first = flags.number('seed', Date.now() % 1_000_000);
  const rounds = flags.number('rounds', Infinity);
  const kills = rounds === Infinity ? flags.number('kills', 1000) : Infinity;
  console.log(`seed ${String(first)}`);

  const total: Survived = {};
  const failures: string[] = [];
  let next = first;
  let done = 0;
  const wantsMore = (): boolean => next < first + rounds && killed(total) < kills;
  await Promise.all(
    Array.from({ length: flags.number('jobs', availableParallelism()) }, async () => {
      const worker = fork(fileURLToPath(import.meta.url), ['worker']);
      while (wantsMore()) {
        const seed = next++;
        const reply = await new Promise<Answer>((resolve) => {
          worker.once('message', (message) => resolve(message as Answer));
          worker.send(seed);
        });
        done++;
        if (reply.failure !== undefined) {
          failures.push(reply.failure);
          console.log(`\nFAILED ${reply.failure}\n`);
        }
        for (const [what, times] of Object.entries(reply.survived ?? {})) total[what] = (total[what] ?? 0) + times;
        if (done % 20 === 0) console.log(`${String(done)} rounds: ${told(total)}`);
      }
      worker.disconnect();
    }),
  );
  console.log(`survived in ${String(done)} rounds from seed ${String(first)}: ${told(total)}`);
  console.log(failures.length === 0 ? 'no promise was broken' : `${String(failures.length)} rounds FAILED`);
  if (failures.length > 0) process.exitCode = 1;
}

function killed(total: Survived): number {
  return (total['killed'] ?? 0) + (total['host killed'] ?? 0);
}
