import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { packageRoot } from '../rule/package-root.js';
import { appeared, gone, hostProject, isAlive, wholeRule, type HostProject } from './host-project.js';

/** Writes its own pid, its parent's, and that of one in a session of its own. */
const COMMAND = `setsid sh -c 'echo $$ > stray; exec sleep 1000' &
  until [ -s stray ]; do sleep 0.01; done; echo $$ $PPID $(cat stray) > pids; mv pids ready; sleep 1000`;

const STARTS = (then: string): string =>
  wholeRule(
    `const stray = spawn('setsid', ['sleep', '1000']);
     await told(stray, 'spawn');
     writeFileSync('pids', process.pid + ' ' + stray.pid);
     renameSync('pids', 'ready');
     ${then}`,
    "import { spawn } from 'node:child_process'; import { once as told } from 'node:events'; import { renameSync, writeFileSync } from 'node:fs';",
  );

/**
 * Gives a task to an engine of its own, kills that when the task says which processes there are, and waits for their end.
 */
async function noneLeft(
  t: ExecutionContext,
  host: HostProject,
  task: object,
  commands: 'shells' | 'hosts' = 'shells',
): Promise<void> {
  const pool = pathToFileURL(join(packageRoot(), 'build/src/host/pool.js')).href;
  const options = { slots: 1, root: host.root, cache: 'cache', commands };
  const script = `const { HostPool } = await import(${JSON.stringify(pool)});
    void new HostPool(${JSON.stringify(options)}).run(${JSON.stringify(task)});`;
  const engine = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  await appeared(join(host.root, 'ready'));
  engine.kill('SIGKILL');
  const pids = readFileSync(join(host.root, 'ready'), 'utf8').trim().split(' ').map(Number);
  t.true(pids.length >= 2);
  await Promise.all(pids.map(gone));
  t.false(pids.some(isAlive));
}

for (const commands of ['shells', 'hosts'] as const) {
  test(`${commands}: a command ends when the engine dies, with its shell or host and what has left its group`, async (t) => {
    const host = hostProject(t);
    await noneLeft(t, host, { ...host.work(), type: 'command', text: COMMAND, keep: false }, commands);
  });
}

for (const [what, then] of [
  ['that waits', 'await new Promise(() => setTimeout(() => undefined, 1e8));'],
  ['in a loop that does not let go', 'for (;;);'],
] as const) {
  test(`a host ${what} ends when the engine dies, with what the rule started`, async (t) => {
    const host = hostProject(t, { 'rules/my/starts.ts': STARTS(then) });
    const work = await host.ruleWork('my/starts', { outputs: { out: host.staged('out', 'file') } });
    await noneLeft(t, host, { ...work, type: 'whole', keep: true });
  });
}
