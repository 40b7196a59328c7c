import assert from 'node:assert/strict';
import type { ExecutionContext } from 'ava';
import { damage } from './damage.js';
import { randomPoint } from './points.js';
import { Random } from './random.js';
import { tracer, type Fault, type FaultPoint } from './strace.js';
import { Trial } from './trial.js';

/** Faults that came to be, by what they were. */
export type Survived = Record<string, number>;

export function told(survived: Survived): string {
  return Object.entries(survived)
    .map(([what, times]) => `${String(times)} ${what}`)
    .join(', ');
}

const DISK_CALLS = ['pages', 'renames', 'removals', 'folders', 'syncs'] as const;

/** What a build may end with where a fault can strike it. */
const ORDERLY = [0, 1, 130];

/**
 * Some builds of one random project, each meeting a fault at a random point, some edits of the project, and after each
 * edit a build that must come to what a build from nothing comes to.
 *
 * @throws Error that names the seed and tells what happened, where a promise is broken.
 */
export async function faultRound(t: Pick<ExecutionContext, 'teardown'>, seed: number): Promise<Survived> {
  const random = new Random(seed);
  const survived: Survived = {};
  const count = (what: string): void => void (survived[what] = (survived[what] ?? 0) + 1);
  const trial = new Trial(t, random.fork());
  try {
    for (let edits = random.between(2, 4); edits > 0; edits--) {
      await trial.findWanted();
      for (let builds = random.between(2, 5); builds > 0; builds--) {
        const what = await meetFault(trial, random.fork());
        if (what !== undefined) count(what);
        if (!random.chance(0.15)) continue;
        await trial.checkNobody();
        const damaged = damage(trial.project.root, random.fork());
        trial.story.push(`damage: ${damaged ?? 'none'}`);
        if (damaged !== undefined) count(`damaged ${damaged}`);
      }
      await trial.checkBuild();
      if (random.chance(0.3)) await trial.checkStill();
      if (random.chance(0.2)) await trial.checkStore();
      for (let n = random.between(1, 2); n > 0; n--) trial.edit(random);
    }
    await trial.checkNobody();
    return survived;
  } catch (error) {
    const story = trial.story.map((line) => `\n  ${line}`).join('');
    throw new Error(`seed ${String(seed)} (${trial.project.root}):${story}\n${String(error)}`, { cause: error });
  }
}

/** Builds once under a fault; returns what it was, where it struck. */
async function meetFault(trial: Trial, random: Random): Promise<string | undefined> {
  const { fault, what } = randomFault(random);
  // Errors of calls that also serve pipes and modules would be the machine's end, not the disk's.
  const point = 'error' in fault ? randomPoint(random, DISK_CALLS) : randomPoint(random);
  const at: FaultPoint =
    'error' in fault
      ? { ...point, whose: 'any', lasts: random.chance(0.3) }
      : fault.signal === 'SIGKILL'
        ? point
        : { ...point, whose: 'own' };
  const rest = what === 'killed' && random.chance(0.6) ? 'killed' : 'left';
  const args = ['-j', String(random.between(1, 2)), ...(random.chance(0.7) ? ['-k'] : [])];
  const told = `${what} at ${at.calls} ${String(at.at)} of ${at.whose}, the rest ${rest}, ${args.join(' ')}`;
  trial.story.push(told);
  const { code, signal, stderr, stdout } = await trial.buildUnder(tracer(fault, at), args, rest);
  trial.story.push(`  → ${String(code ?? signal)} ${stdout.trim().split('\n').at(-1) ?? ''}`);
  if ('error' in fault || signal === null) {
    assert.ok(code !== null && ORDERLY.includes(code), `ended with ${String(code ?? signal)}: ${stdout}${stderr}`);
    const trace = /^ +at .*(vlmbuild\.cjs|main\.js|chunks)/m.test(stdout + stderr);
    assert.ok(!trace, `a stack trace of its own: ${stdout}${stderr}`);
  }
  if ('error' in fault) return what;
  if (fault.signal === 'SIGKILL') return signal === 'SIGKILL' ? 'killed' : code === 1 ? 'host killed' : undefined;
  if (code === 130 || signal === fault.signal) {
    await trial.checkNobody();
    return what;
  }
  return undefined;
}

function randomFault(random: Random): { fault: Fault; what: string } {
  const share = random.next();
  if (share < 0.8) return { fault: { signal: 'SIGKILL' }, what: 'killed' };
  if (share < 0.9) {
    const error = random.pick(['ENOSPC', 'EIO', 'EDQUOT', 'EMFILE']);
    return { fault: { error }, what: error };
  }
  const signal = random.pick(['SIGINT', 'SIGTERM', 'SIGHUP'] as const);
  return { fault: { signal }, what: signal };
}
