import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { digestOf } from '../base/digest.js';
import { packageRoot } from '../rule/package-root.js';
import { appeared, failureOf, gone, hostProject, isAlive, PATIENT, wholeRule } from './host-project.js';
import { packParts } from './packed-parts.js';
import { HostPool } from './pool.js';

const pidRule = wholeRule(
  "await outputs.out.write(String(process.pid)); writeFileSync('ready', '');",
  "import { writeFileSync } from 'node:fs';",
);
const stuckRule = wholeRule(
  "writeFileSync('pid', String(process.pid)); renameSync('pid', 'stuck'); for (;;);",
  "import { renameSync, writeFileSync } from 'node:fs';",
);

test('a killed host is told with its signal, and the next task has a new one', async (t) => {
  const host = hostProject(t, {
    'rules/my/pid.ts': pidRule,
    'rules/my/die.ts': wholeRule(
      "console.log('last words'); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});",
    ),
  });
  const first = await host.whole('my/pid');
  t.deepEqual(await failureOf(t, host.whole('my/die')), { type: 'host-lost', code: null, signal: 'SIGKILL' });
  t.not((await host.whole('my/pid')).text, first.text);
});

test('what V8 compiled of zod is kept by hosts that end because there is nothing to do', async (t) => {
  const files = { 'rules/my/pid.ts': pidRule };
  const [ended, killed] = [hostProject(t, files), hostProject(t, files)];
  for (const host of [ended, killed]) await host.whole('my/pid');
  killed.pool.kill();
  await Promise.all([ended.pool.close(), killed.pool.close()]);
  const kept = [ended, killed].map(({ root }) =>
    readdirSync(join(root, 'cache')).filter((name) => name.startsWith('code-zod-')),
  );
  t.deepEqual(
    kept.map(({ length }) => length),
    [1, 0],
  );
});

test('a host is used again, and no more are started than there are slots', async (t) => {
  const host = hostProject(t, { 'rules/my/pid.ts': pidRule }, { slots: 2 });
  const pids = await Promise.all(Array.from({ length: 6 }, async () => (await host.whole('my/pid')).text));
  t.true(new Set(pids).size <= 2);
  t.true(pids.includes((await host.whole('my/pid')).text));
});

test('after a renewal other hosts take what comes; what runs ends where it is', async (t) => {
  const host = hostProject(
    t,
    {
      'rules/my/pid.ts': pidRule,
      'rules/my/waits.ts': wholeRule(
        "const before = String(process.pid); writeFileSync('begun', ''); while (!existsSync('go')) await setImmediate(); await outputs.out.write(before);",
        "import { existsSync, writeFileSync } from 'node:fs'; import { setImmediate } from 'node:timers/promises';",
      ),
    },
    { slots: 1 },
  );
  const first = (await host.whole('my/pid')).text;
  const waits = host.whole('my/waits');
  await appeared(join(host.root, 'begun'));
  host.pool.renew();
  const next = host.whole('my/pid');
  host.write({ go: '' });
  t.is((await waits).text, first, 'it was there before');
  const second = (await next).text;
  t.not(second, first);
  host.pool.renew();
  t.not((await host.whole('my/pid')).text, second, 'one at rest');
});

test('a rule that never lets go is ended by a timeout', async (t) => {
  const host = hostProject(t, { 'rules/my/stuck.ts': stuckRule, 'rules/my/pid.ts': pidRule });
  t.deepEqual(await failureOf(t, host.whole('my/stuck', { timeoutMs: 500 })), { type: 'timeout', seconds: 0.5 });
  t.truthy((await host.whole('my/pid')).text);
});

test('a rule hears of an abort, and is ended if that does not help', async (t) => {
  const host = hostProject(t, {
    'rules/my/listens.ts': wholeRule(
      "writeFileSync('ready', ''); await new Promise((done) => signal.addEventListener('abort', done)); writeFileSync('heard', '');",
      "import { writeFileSync } from 'node:fs';",
    ),
    'rules/my/stuck.ts': stuckRule,
  });
  for (const [rule, sign, grace] of [
    ['my/listens', 'ready', { grace: PATIENT }],
    ['my/stuck', 'stuck', {}],
  ] as const) {
    const controller = new AbortController();
    const run = failureOf(t, host.whole(rule, { signal: controller.signal, ...grace }));
    await appeared(join(host.root, sign));
    controller.abort();
    t.deepEqual(await run, { type: 'aborted' });
  }
  t.true(existsSync(join(host.root, 'heard')));
});

test('what is aborted before it begins does not begin', async (t) => {
  const host = hostProject(t, { 'rules/my/pid.ts': pidRule });
  t.deepEqual(await failureOf(t, host.whole('my/pid', { signal: AbortSignal.abort() })), { type: 'aborted' });
  t.false(existsSync(join(host.root, 'ready')));
});

test('kill ends everything that runs or waits', async (t) => {
  const host = hostProject(t, { 'rules/my/stuck.ts': stuckRule, 'rules/my/pid.ts': pidRule });
  const next = await host.ruleWork('my/pid', { outputs: { out: host.staged('out', 'file') } });
  const running = failureOf(t, host.whole('my/stuck'));
  await appeared(join(host.root, 'stuck'));
  const waiting = failureOf(t, host.pool.run({ ...next, type: 'whole', keep: true }));
  host.pool.kill();
  t.deepEqual(await Promise.all([running, waiting]), [{ type: 'aborted' }, { type: 'aborted' }]);
  await gone(Number(readFileSync(join(host.root, 'stuck'), 'utf8')));
});

test('close lets what runs end, and starts nothing more', async (t) => {
  const host = hostProject(t, { 'rules/my/pid.ts': pidRule });
  const run = host.whole('my/pid');
  await appeared(join(host.root, 'ready'));
  await host.pool.close();
  const { text } = await run;
  t.false(isAlive(Number(text)));
  t.deepEqual(await failureOf(t, host.whole('my/pid')), { type: 'aborted' });
});

test('a resting pool does not keep the process alive', async (t) => {
  const host = hostProject(t);
  const pool = pathToFileURL(join(packageRoot(), 'build/src/host/pool.js')).href;
  const task = { ...host.work(), type: 'command', text: 'true', keep: false };
  const script = `const { HostPool } = await import(${JSON.stringify(pool)});
    await new HostPool({ slots: 1, root: ${JSON.stringify(host.root)}, cache: 'cache' }).run(${JSON.stringify(task)});`;
  const engine = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  t.is(await new Promise((done) => engine.on('exit', done)), 0);
});

test('a rule is described and its params are checked in a host', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(''),
    'rules/my/throws.ts': wholeRule('', 'throw new Error("on load");'),
    'rules/my/none.ts': 'export const a = 1;',
  });
  const { bundle, source } = await host.ruleWork('my/rule');
  const described = await host.pool.run({ type: 'describe', bundle, source });
  t.like(described, { ok: true, description: { summary: 'For a test.', shape: 'whole' } });
  t.like(await host.pool.run({ type: 'check', bundle, source, params: {} }), { ok: true, params: { text: 'text' } });
  t.like(await host.pool.run({ type: 'check', bundle, source, params: { text: 1 } }), {
    ok: false,
    issues: [{ path: ['text'], message: 'expected a string, got `1`; did you mean `"1"`?' }],
  });

  const throws = await host.ruleWork('my/throws');
  t.like(await host.pool.run({ ...throws, type: 'describe' }), {
    ok: false,
    problem: {
      type: 'threw',
      message: 'on load',
      stack: 'Error: on load\n    at Object.<anonymous> (rules/my/throws.ts:3:7)',
    },
  });
  const none = await host.ruleWork('my/none');
  t.deepEqual(await host.pool.run({ ...none, type: 'describe' }), {
    ok: false,
    problem: { type: 'no-default-export', exports: ['a'] },
  });
});

test('a host that cannot be started is a failure of the task', async (t) => {
  const pool = new HostPool({ slots: 1, root: '/not/there', cache: '/not/there/cache' });
  const failure = await failureOf(t, pool.run({ type: 'describe', bundle: '', source: '' }));
  t.like(failure, { type: 'system', code: 'ENOENT' });
});

test('parts are made by the first host that is free, and not kept for one that only starts', async (t) => {
  // The second host to load the rule does not get done before the first has made all parts.
  const host = hostProject(
    t,
    {
      'rules/my/rule.ts': `import { defineRule, file } from 'vlmbuild';
import { existsSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
if (existsSync('first')) while (true);
else writeFileSync('first', '');
export default defineRule({
  summary: 'For a test.',
  params: z.strictObject({}),
  outputs: { out: file() },
  *parts() {
    yield { id: 'x', spec: null };
  },
  make: () => ({ pid: process.pid }),
});`,
    },
    { slots: 2 },
  );
  const { parts } = await host.list('my/rule');
  const [part] = parts;
  if (part === undefined) return t.fail();
  const work = await host.ruleWork('my/rule');
  const pids: unknown[] = [];
  const make = () =>
    host.pool.run(
      { ...work, type: 'make', parts: packParts([part]) },
      { on: (message) => (message.type === 'made' ? pids.push(message.parts[0]?.meta['pid']) : 0) },
    );
  await Promise.all([make(), make(), make()]);
  t.is(pids.length, 3);
  t.is(new Set(pids).size, 1);
  // Nor is it waited for in the end.
  await host.pool.close();
});

test('a host that loads a rule takes the first task of it: no other one is started', async (t) => {
  const host = hostProject(
    t,
    {
      'rules/my/rule.ts': `import { defineRule, file } from 'vlmbuild';
import { appendFileSync } from 'node:fs';
import { z } from 'zod';
appendFileSync('loaded', 'once ');
export default defineRule({
  summary: 'For a test.',
  params: z.strictObject({}),
  outputs: { out: file() },
  *parts() {
    yield { id: 'x', spec: null };
  },
  make: () => ({}),
});`,
    },
    { slots: 2 },
  );
  const { bundle, source } = await host.ruleWork('my/rule');
  host.pool.prepare({ bundle, source }, 1);
  t.is((await host.list('my/rule')).count, 1);
  await host.pool.close();
  t.is(readFileSync(join(host.root, 'loaded'), 'utf8'), 'once ');
});

test('a task does not wait for a host that fails at its rule', async (t) => {
  const host = hostProject(
    t,
    {
      'rules/my/rule.ts': `process.kill(process.pid, 'SIGKILL'); while (true);
import { defineRule } from 'vlmbuild';
export default defineRule({} as never);`,
    },
    { slots: 2 },
  );
  const { bundle, source } = await host.ruleWork('my/rule');
  host.pool.prepare({ bundle, source }, 1);
  t.deepEqual(await failureOf(t, host.list('my/rule')), { type: 'host-lost', code: null, signal: 'SIGKILL' });
});

test('a rule at which every host dies fails the parts, and does not start hosts for ever', async (t) => {
  const host = hostProject(
    t,
    {
      'rules/my/rule.ts': `process.kill(process.pid, 'SIGKILL'); while (true);
import { defineRule } from 'vlmbuild';
export default defineRule({} as never);`,
    },
    { slots: 2 },
  );
  const part = { id: 'x', key: digestOf('x'), spec: null, slices: {} };
  t.deepEqual(await failureOf(t, host.make('my/rule', part)), { type: 'host-lost', code: null, signal: 'SIGKILL' });
});
