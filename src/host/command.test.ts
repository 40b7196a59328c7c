import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { appeared, failureOf, gone, hostProject, logLines } from './host-project.js';

test('a command runs in the project root with the declared environment and nothing else', async (t) => {
  const host = hostProject(t, { 'a.txt': 'A' });
  const out = host.staged('out', 'file');
  const { said } = await host.command(
    `cat a.txt > ${out.path}; env | cut -d= -f1 | sort | tr '\\n' ' '; echo bad $KEY >&2`,
    {
      outputs: { out },
      env: { A: '1' },
      secrets: { KEY: 'sesame' },
    },
  );
  t.is(readFileSync(out.path, 'utf8'), 'A');
  t.deepEqual(logLines(said).toSorted(), ['err: bad ***', 'out: A HOME KEY LANG PATH PWD TMPDIR TZ ']);
});

test('a failing command tells its code, an unset variable and a failing step are failures', async (t) => {
  const host = hostProject(t);
  t.deepEqual(await failureOf(t, host.command('exit 3')), { type: 'exit', code: 3, signal: null });
  t.like(await failureOf(t, host.command('echo $NOT_SET')), { type: 'exit' });
  t.like(await failureOf(t, host.command('false; true')), { type: 'exit', code: 1 });
  t.deepEqual(await failureOf(t, host.command('kill -KILL $$')), { type: 'exit', code: null, signal: 'SIGKILL' });
});

test('an output that the command did not write is named', async (t) => {
  const host = hostProject(t);
  const out = host.staged('out', 'file');
  t.deepEqual(await failureOf(t, host.command('true', { outputs: { out } })), {
    type: 'output-absent',
    output: 'out',
    path: out.path,
  });
});

test('what a command leaves in the background ends with it', async (t) => {
  const host = hostProject(t);
  await host.command('sleep 1000 & echo $! > pid');
  await gone(Number(readFileSync(join(host.root, 'pid'), 'utf8')));
  t.pass();
});

const STUBBORN = "trap '' TERM; sh -c \"trap '' TERM; while :; do sleep 1; done\" & echo $! > pid; mv pid ready; wait";

test('an abort ends a command that will not listen, with everything it started', async (t) => {
  const host = hostProject(t);
  const ready = join(host.root, 'ready');
  const controller = new AbortController();
  const run = failureOf(t, host.command(STUBBORN, { signal: controller.signal }));
  await appeared(ready);
  controller.abort();
  t.deepEqual(await run, { type: 'aborted' });
  await gone(Number(readFileSync(ready, 'utf8')));
});

test('a timeout ends a command in the same way', async (t) => {
  const host = hostProject(t);
  const ready = join(host.root, 'ready');
  t.deepEqual(await failureOf(t, host.command(STUBBORN, { timeoutMs: 500 })), { type: 'timeout', seconds: 0.5 });
  // On a machine that is busy enough it was ended before it could say so.
  if (existsSync(ready)) await gone(Number(readFileSync(ready, 'utf8')));
});

test('an abort lets a command clean up', async (t) => {
  const host = hostProject(t);
  const controller = new AbortController();
  const run = failureOf(
    t,
    host.command("trap 'echo bye > cleaned; exit 0' TERM; touch ready; while :; do sleep 0.01; done", {
      signal: controller.signal,
    }),
  );
  await appeared(join(host.root, 'ready'));
  controller.abort();
  t.deepEqual(await run, { type: 'aborted' });
  t.true(existsSync(join(host.root, 'cleaned')));
});

test('the host that saw a command through goes on', async (t) => {
  const host = hostProject(t);
  const pid = async () => logLines((await host.command('echo $PPID')).said);
  const first = await pid();
  await failureOf(t, host.command('exit 1'));
  t.deepEqual(await pid(), first);
});
