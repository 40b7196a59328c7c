import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { failureOf, hostProject, logLines, wholeRule } from './host-project.js';

test('a whole rule gets params, environment and secrets, and its output is kept', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(
      'await outputs.out.write(JSON.stringify([params, env, secrets, process.env.A, process.env.KEY, process.env.LANG, process.env.USER]));',
    ),
  });
  const { text } = await host.whole('my/rule', { params: { text: 'x' }, env: { A: '1' }, secrets: { KEY: 'k' } });
  t.deepEqual(JSON.parse(text), [{ text: 'x' }, { A: '1' }, { KEY: 'k' }, '1', 'k', 'C.UTF-8', null]);
  const hex = createHash('sha256').update(text).digest('hex');
  t.is(readFileSync(join(host.root, 'cache/objects', hex.slice(0, 2), hex.slice(2)), 'utf8'), text);
});

test('what one task declared is not there for the next', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule('await outputs.out.write(String([process.pid, process.env.A, process.env.LANG]));'),
  });
  const first = await host.whole('my/rule', { env: { A: '1', LANG: 'de' } });
  const second = await host.whole('my/rule');
  const [pid] = first.text.split(',');
  t.is(first.text, `${pid},1,de`);
  t.is(second.text, `${pid},,C.UTF-8`, 'in the same host');
});

test('a rule runs as its own module: packages from its place, vlmbuild and zod from the running one', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(
      `const late = await import('late-esm');
       await outputs.out.write([add(1, 2), common.default, common.named, only, late.default, typeof z.int, new UserError('x').name].join());`,
      `import add from 'esm-default';
       import common from 'cjs-compiled';
       import only from 'import-only';`,
    ),
    'node_modules/esm-default/package.json': '{ "name": "esm-default", "type": "module", "exports": "./index.js" }',
    'node_modules/esm-default/index.js': 'export default (a, b) => a + b; export const other = 1;',
    'node_modules/cjs-compiled/package.json': '{ "name": "cjs-compiled" }',
    'node_modules/cjs-compiled/index.js': 'exports.__esModule = true; exports.default = "d"; exports.named = "n";',
    'node_modules/import-only/package.json': '{ "name": "import-only", "exports": { "import": "./index.mjs" } }',
    'node_modules/import-only/index.mjs': 'export default await Promise.resolve("only");',
    'node_modules/late-esm/package.json': '{ "name": "late-esm", "exports": { "import": "./index.mjs" } }',
    'node_modules/late-esm/index.mjs': 'export default "late";',
  });
  t.is((await host.whole('my/rule')).text, '3,d,n,only,late,function,UserError');
});

test('everything a rule prints is its log', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(
      `log('one\\ntwo'); console.log('out %d', 3); console.error('err'); process.stdout.write('half ');
       await new Promise((done) => setTimeout(done, 1)); process.stdout.write('line\\nrest');
       await outputs.out.write('');`,
    ),
  });
  const { said } = await host.whole('my/rule');
  t.deepEqual(logLines(said), ['out: one', 'out: two', 'out: out 3', 'err: err', 'out: half line', 'out: rest']);
});

test('what a process prints that a rule started is its log as well', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(
      "spawnSync('sh', ['-c', 'echo from below $KEY; echo bad >&2'], { stdio: 'inherit' }); await outputs.out.write('');\n",
      "import { spawnSync } from 'node:child_process';",
    ),
  });
  const { said } = await host.whole('my/rule', { secrets: { KEY: 'sesame' } });
  t.deepEqual(logLines(said).toSorted(), ['err: bad', 'out: from below ***']);
});

test('secrets are in no line and no error', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(
      "console.log('a', secrets.KEY); progress(1, 2, secrets.KEY); throw new Error('no ' + secrets.KEY);",
    ),
    'rules/my/clean.ts': wholeRule("throw new UserError('no ' + secrets.KEY, { next: secrets.KEY });"),
  });
  const said: unknown[] = [];
  const secrets = { KEY: 'sesame street' };
  const work = await host.ruleWork('my/rule', { secrets, outputs: { out: host.staged('out', 'file') } });
  const failure = await failureOf(
    t,
    host.pool.run({ ...work, type: 'whole', keep: true }, { on: (message) => said.push(message) }),
  );
  t.like(failure, { type: 'threw', message: 'no ***' });
  t.false(JSON.stringify([failure, said]).includes('sesame'));
  t.true(JSON.stringify(said).includes('***'));
  t.deepEqual(await failureOf(t, host.whole('my/clean', { secrets })), {
    type: 'user-error',
    message: 'no ***',
    next: '***',
  });
});

test('a stack names the TypeScript and leaves the host out', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule('fail(params.text);', "import { fail } from '../lib/fail.js';"),
    'rules/lib/fail.ts': `interface Long {
  readonly a: number;
}
export function fail(text: string): never {
  const value: Long = { a: 1 };
  throw new RangeError(text, { cause: new Error('why') });
}
`,
  });
  const failure = await failureOf(t, host.whole('my/rule', { params: { text: 'text' } }));
  t.like(failure, { type: 'threw', message: 'RangeError: text' });
  const stack = failure.type === 'threw' ? failure.stack : '';
  t.regex(
    stack,
    /^RangeError: text\n\s+at fail \(rules\/lib\/fail\.ts:6:9\)\n\s+at .*run.* \(rules\/my\/rule\.ts:9:5\)\ncaused by: Error: why/,
  );
  t.notRegex(stack, /dist|node:internal/);
});

test('throwing what is no error, and ending the process, are errors of the rule', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule("throw 'a text';"),
    'rules/my/exit.ts': wholeRule('process.exit(0);'),
  });
  t.deepEqual(await failureOf(t, host.whole('my/rule')), { type: 'threw', message: 'a text', stack: '' });
  t.like(await failureOf(t, host.whole('my/exit')), {
    type: 'threw',
    message: 'process.exit(0) was called: throw an error instead',
  });
});

test('an error that nobody awaited fails the task, and the next one has a new host', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(
      "void Promise.reject(new Error('lost')); await new Promise((done) => setTimeout(done, 60_000));",
    ),
    'rules/my/next.ts': wholeRule("await outputs.out.write('well');"),
  });
  t.like(await failureOf(t, host.whole('my/rule')), { type: 'threw', message: 'lost' });
  t.is((await host.whole('my/next')).text, 'well');
});

test('an output that was not written is named; a jsonl or directory one is empty', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': `import { defineRule, directory, file, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: '',
  params: z.strictObject({ card: z.boolean() }),
  outputs: { rows: jsonl(), frames: directory(), card: file().optional() },
  async run({ outputs, params }) {
    if (params.card) await outputs.card?.write('card');
  },
});
`,
  });
  const outputs = { rows: host.staged('rows.jsonl', 'jsonl'), frames: host.staged('frames', 'directory') };
  const work = await host.ruleWork('my/rule', { outputs, params: { card: true } });
  const made = await host.pool.run({ ...work, type: 'whole', keep: true });
  t.like(made.outputs, { rows: { bytes: { size: 0 } }, frames: { kind: 'directory' } });

  const card = host.staged('card', 'file');
  const wanting = await host.ruleWork('my/rule', { outputs: { ...outputs, card }, params: { card: false } });
  const failure = await failureOf(t, host.pool.run({ ...wanting, type: 'whole', keep: true }));
  t.deepEqual(failure, { type: 'output-absent', output: 'card', path: card.path });
});

test('inputs come by role: one, a list, an absent one', async (t) => {
  const host = hostProject(t, {
    'a.txt': 'A',
    'b.jsonl': '{"b":1}\n{"b":2}',
    'rules/my/rule.ts': `import { defineRule, file, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: '',
  params: z.strictObject({}),
  inputs: { one: file(), many: jsonl().list(), none: file().optional() },
  outputs: { out: file() },
  async run({ inputs, outputs }) {
    const rows = [];
    for (const input of inputs.many) for await (const row of input.rows()) rows.push(row);
    await outputs.out.write(JSON.stringify([await inputs.one.text(), rows, inputs.none === undefined]));
  },
});
`,
  });
  const inputs = { one: host.handed('a.txt', 'file'), many: [host.handed('b.jsonl', 'jsonl')], none: null };
  t.is((await host.whole('my/rule', { inputs })).text, '["A",[{"b":1},{"b":2}],true]');
});

test("what the machine refuses is the machine's fault", async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(
      "throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', path: '/x' });",
    ),
    'rules/my/gone.ts': wholeRule("readFileSync('/not/there');", "import { readFileSync } from 'node:fs';"),
  });
  t.deepEqual(await failureOf(t, host.whole('my/rule')), {
    type: 'system',
    code: 'ENOSPC',
    message: 'ENOSPC: no space left',
    path: '/x',
  });
  t.like(await failureOf(t, host.whole('my/gone')), { type: 'threw' });
});

test('what an attempt left behind is not there for the next', async (t) => {
  const host = hostProject(t, { 'rules/my/rule.ts': wholeRule("await outputs.out.write('new');") });
  const out = host.staged('out', 'file');
  mkdirSync(out.path);
  writeFileSync(join(out.path, 'old'), 'old');
  await host.whole('my/rule', { outputs: { out } }).catch(() => undefined);
  t.is(readFileSync(out.path, 'utf8'), 'new');
});

test('where an error was thrown stays known, however long ago the rule was loaded', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(
      `setFlagsFromString('--expose-gc');
       await new Promise((done) => setImmediate(done));
       (runInNewContext('gc') as () => void)();
       throw new Error('late');`,
      `import { setFlagsFromString } from 'node:v8';
       import { runInNewContext } from 'node:vm';`,
    ),
  });
  const line =
    readFileSync(join(host.root, 'rules/my/rule.ts'), 'utf8')
      .split('\n')
      .findIndex((text) => text.includes('late')) + 1;
  const failure = await failureOf(t, host.whole('my/rule'));
  t.true(failure.type === 'threw' && failure.stack.includes(`rules/my/rule.ts:${line}:`), JSON.stringify(failure));
});
