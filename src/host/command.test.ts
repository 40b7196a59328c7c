import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { commandWords } from './command-words.js';
import { appeared, failureOf, gone, hostProject, logLines, PATIENT, stopped } from './host-project.js';

const STUBBORN = "trap '' TERM; sh -c \"trap '' TERM; while :; do sleep 1; done\" & echo $! > pid; mv pid ready; wait";

for (const commands of ['shells', 'hosts'] as const) {
  test(`${commands}: a command runs in the project root with the declared environment and nothing else`, async (t) => {
    const host = hostProject(t, { 'a.txt': 'A' }, { commands });
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

  test(`${commands}: a command has its text and its environment to the byte, whatever they hold`, async (t) => {
    const host = hostProject(t, {}, { commands });
    const ascii = Array.from({ length: 127 }, (_, n) => String.fromCharCode(n + 1)).join('');
    for (const value of [
      ascii,
      `  ${ascii}é\u{1F600}\ufeff'$x\\\n\n`,
      'é',
      ' '.repeat(9),
      `${'0123456789 é\n'.repeat(9000)}'`,
    ]) {
      const out = host.staged('out', 'file');
      const word = `'${value.replaceAll("'", "'\\''")}'`;
      await host.command(`printf %s ${word} "$VALUE" > ${out.path}`, { outputs: { out }, env: { VALUE: value } });
      t.true(readFileSync(out.path, 'utf8') === value + value, JSON.stringify(value.slice(0, 200)));
    }
  });

  test(`${commands}: what has a NUL in it fails, and what comes then runs`, async (t) => {
    const host = hostProject(t, {}, { commands });
    t.like(await failureOf(t, host.command('echo a\0b')), { type: 'threw' });
    t.like(await failureOf(t, host.command('env', { env: { A: 'a\0b' } })), { type: 'threw' });
    t.deepEqual(logLines((await host.command('echo still')).said), ['out: still']);
  });

  test(`${commands}: a name that bash keeps to itself has the declared value`, async (t) => {
    const host = hostProject(t, {}, { commands });
    const names = ['BASHOPTS', 'BASH_SOURCE', 'EUID', 'FUNCNAME', 'GROUPS', 'RANDOM', 'SHELLOPTS', 'UID'];
    for (const name of names) {
      const { said } = await host.command('env', { env: { [name]: '1234567' } });
      t.true(logLines(said).includes(`out: ${name}=1234567`), name);
    }
  });

  test(`${commands}: a failing command tells its code, an unset variable and a failing step are failures`, async (t) => {
    const host = hostProject(t, {}, { commands });
    t.deepEqual(await failureOf(t, host.command('exit 3')), { type: 'exit', code: 3, signal: null });
    t.like(await failureOf(t, host.command('echo $NOT_SET')), { type: 'exit' });
    t.like(await failureOf(t, host.command('false; true')), { type: 'exit', code: 1 });
    t.deepEqual(await failureOf(t, host.command('kill -KILL $$')), { type: 'exit', code: null, signal: 'SIGKILL' });
  });

  test(`${commands}: an output that the command did not write is named`, async (t) => {
    const host = hostProject(t, {}, { commands });
    const out = host.staged('out', 'file');
    t.deepEqual(await failureOf(t, host.command('true', { outputs: { out } })), {
      type: 'output-absent',
      output: 'out',
      path: out.path,
    });
  });

  test(`${commands}: what a command leaves in the background ends with it`, async (t) => {
    const host = hostProject(t, {}, { commands });
    await host.command('sleep 1000 & echo $! > pid');
    await gone(Number(readFileSync(join(host.root, 'pid'), 'utf8')));
    t.pass();
  });

  test(`${commands}: an abort ends a command that will not listen, with everything it started`, async (t) => {
    const host = hostProject(t, {}, { commands });
    const ready = join(host.root, 'ready');
    const controller = new AbortController();
    const run = failureOf(t, host.command(STUBBORN, { signal: controller.signal }));
    await appeared(ready);
    controller.abort();
    t.deepEqual(await run, { type: 'aborted' });
    await gone(Number(readFileSync(ready, 'utf8')));
  });

  test(`${commands}: an abort ends also what has left the command's process group`, async (t) => {
    const host = hostProject(t, {}, { commands });
    const ready = join(host.root, 'ready');
    const controller = new AbortController();
    // One in a session of its own, and one in a group of its own whose parent is gone.
    const text = `setsid sh -c 'echo $$ > first; exec sleep 1000' &
      bash -c 'set -m; ( sleep 1000 & echo $! > second ) & wait'
      until [ -s first ]; do sleep 0.01; done; cat first second > pids; mv pids ready; wait`;
    const run = failureOf(t, host.command(text, { signal: controller.signal }));
    await appeared(ready);
    controller.abort();
    t.deepEqual(await run, { type: 'aborted' });
    const pids = readFileSync(ready, 'utf8').trim().split('\n').map(Number);
    t.is(pids.length, 2);
    await Promise.all(pids.map(gone));
  });

  test(`${commands}: a command that is stopped goes on, or is ended by its timeout`, async (t) => {
    const host = hostProject(t, {}, { commands });
    const text = 'echo $$ > pid; mv pid ready; kill -STOP $$; exit 3';
    const failure = failureOf(t, host.command(text));
    await appeared(join(host.root, 'ready'));
    const pid = Number(readFileSync(join(host.root, 'ready'), 'utf8'));
    await stopped(pid);
    process.kill(pid, 'SIGCONT');
    t.deepEqual(await failure, { type: 'exit', code: 3, signal: null });
    t.deepEqual(await failureOf(t, host.command(text, { timeoutMs: 500 })), { type: 'timeout', seconds: 0.5 });
  });

  test(`${commands}: a timeout ends a command in the same way`, async (t) => {
    const host = hostProject(t, {}, { commands });
    const ready = join(host.root, 'ready');
    t.deepEqual(await failureOf(t, host.command(STUBBORN, { timeoutMs: 500 })), { type: 'timeout', seconds: 0.5 });
    // On a machine that is busy enough it was ended before it could say so.
    if (existsSync(ready)) await gone(Number(readFileSync(ready, 'utf8')));
  });

  test(`${commands}: an abort lets a command clean up`, async (t) => {
    const host = hostProject(t, {}, { commands });
    const controller = new AbortController();
    const run = failureOf(
      t,
      host.command("trap 'echo bye > cleaned; exit 0' TERM; touch ready; while :; do sleep 0.01; done", {
        signal: controller.signal,
        grace: PATIENT,
      }),
    );
    await appeared(join(host.root, 'ready'));
    controller.abort();
    t.deepEqual(await run, { type: 'aborted' });
    t.true(existsSync(join(host.root, 'cleaned')));
  });

  test(`${commands}: what saw a command through goes on`, async (t) => {
    const host = hostProject(t, {}, { commands });
    const pid = async () => logLines((await host.command('echo $PPID')).said);
    const first = await pid();
    await failureOf(t, host.command('exit 1'));
    t.deepEqual(await pid(), first);
  });
}

test('plain words are started as they are; what a shell must read goes through one', (t) => {
  for (const text of ['cp a b', 'python3 scripts/card.py --in=x.jsonl out/README.md', './run.sh a@b +x %1'])
    t.deepEqual(commandWords(text), text.split(' '));
  for (const text of [
    'cp a b > c',
    'A=1 cp a b',
    'cd x',
    'true',
    'cp $A b',
    "cp 'a b' c",
    'cp a\nb',
    'cp *.txt b',
    '-x',
    ' cp a',
    'if x',
    'cp ~ b',
  ])
    t.deepEqual(commandWords(text), ['sh', '-eu', '-c', text]);
});
