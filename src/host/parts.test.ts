import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { ArtifactRecord } from '../artifacts/kind.js';
import { holderOf } from '../store/objects.js';
import { failureOf, hostProject, logLines, madeParts, type HostProject, type RecordedPart } from './host-project.js';
import { packParts } from './packed-parts.js';
import type { MadePart } from './protocol.js';
import { storeOf } from './keep-staged.js';

/** A rule in parts with a jsonl input and output, and given bodies. */
const partsRule = (bodies: { parts?: string; make?: string; assemble?: string; more?: string }) => `
import { defineRule, jsonl, UserError } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'For a test.',
  params: z.strictObject({ n: z.int().default(3) }),
  inputs: { rows: jsonl().optional() },
  outputs: { rows: jsonl(), rejects: jsonl().optional() },
  ${bodies.more ?? ''}
  async *parts({ inputs, params }) {
    ${bodies.parts ?? "for (let i = 0; i < params.n; i++) yield { id: 'part-' + i, spec: { i } };"}
  },
  async make({ spec, inputs, outputs, env, once, log, signal, progress }) {
    ${bodies.make ?? 'outputs.rows.append(JSON.stringify(spec)); return { made: spec.i };'}
  },
  ${bodies.assemble === undefined ? '' : `async assemble({ parts, params, outputs }) { ${bodies.assemble} },`}
});
`;

test('parts are listed with keys that hold what they depend on, and nothing else', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': partsRule({ parts: 'yield { id: params.id, spec: { a: 1, b: [params.b] } };' }),
  });
  const keyOf = async (params: { id: string; b: number }, more = {}) => {
    const { parts, count } = await host.list('my/rule', {
      params,
      outputs: { rows: host.staged('r', 'jsonl') },
      ...more,
    });
    t.is(count, 1);
    t.like(parts[0], { id: params.id, spec: { a: 1, b: [params.b] }, slices: {} });
    return parts[0]?.key;
  };
  const key = await keyOf({ id: 'x', b: 1 });
  t.is(await keyOf({ id: 'another', b: 1 }), key);
  t.not(await keyOf({ id: 'x', b: 2 }), key);
  t.not(await keyOf({ id: 'x', b: 1 }, { envDigests: { HOME: null } }), key);
  t.not(
    await keyOf(
      { id: 'x', b: 1 },
      { outputs: { rows: host.staged('r', 'jsonl'), rejects: host.staged('s', 'jsonl') } },
    ),
    key,
  );
});

test('what a rule does with a spec that it has yielded is no matter', async (t) => {
  const listing =
    'const spec = { z: [0], a: 1 }; for (let i = 0; i < 3; i++) { spec.z[0] = i; yield { id: `p${i}`, spec }; }';
  const host = hostProject(t, { 'rules/my/rule.ts': partsRule({ parts: listing }) });
  const { parts } = await host.list('my/rule');
  t.deepEqual(
    parts.map(({ spec }) => spec),
    [0, 1, 2].map((i) => ({ a: 1, z: [i] })),
  );
  t.is(new Set(parts.map(({ key }) => key)).size, 3);
});

test('a long listing comes whole and in order', async (t) => {
  const host = hostProject(t, { 'rules/my/rule.ts': partsRule({}) });
  const { parts, count } = await host.list('my/rule', { params: { n: 20_000 } });
  t.is(count, 20_000);
  t.deepEqual(
    parts.map(({ id }) => id),
    Array.from({ length: 20_000 }, (_, i) => `part-${i}`),
  );
  t.is(new Set(parts.map(({ key }) => key)).size, 20_000);
});

test('a slice that was listed is read where the part is made', async (t) => {
  const host = hostProject(t, {
    'in.jsonl': '{"a":1}\n{"a":2}\n',
    'rules/my/rule.ts': partsRule({
      parts: 'for await (const block of inputs.rows.blocks()) yield { id: block.id, inputs: { block }, spec: null };',
      make: 'for await (const row of inputs.block.rows()) outputs.rows.append(JSON.stringify(row.a * 10));',
    }),
  });
  const { parts } = await host.list('my/rule', { inputs: { rows: host.handed('in.jsonl', 'jsonl') } });
  t.is(parts.length, 1);
  const [part] = parts;
  if (part === undefined) return;
  const rows = host.staged('rows.jsonl', 'jsonl');
  const made = await host.make('my/rule', part, { outputs: { rows } });
  t.like(made, { meta: {}, outputs: { rows: { kind: 'jsonl', bytes: { size: 6 } } } });
  t.is(textOf(host, made.outputs['rows']), '10\n20\n');

  host.write({ 'in.jsonl': '{"a":1}\n{"a":3}\n' });
  t.like(await failureOf(t, host.make('my/rule', part, { outputs: { rows } })), { type: 'input-changed' });
});

for (const [what, parts, message] of [
  ['two parts of one id', "yield { id: 'a', spec: 1 }; yield { id: 'a', spec: 2 };", /two parts with the id `a`/],
  ['a part without an id', 'yield { spec: 1 };', /without an `id`/],
  ['a spec that is not JSON', "yield { id: 'a', spec: { when: undefined } };", /`spec` of part `a` is not JSON/],
  [
    'an input that is no slice',
    "yield { id: 'a', spec: 1, inputs: { x: { path: 'y' } } };",
    /input `x` of part `a` is no slice/,
  ],
] as const) {
  test(`${what} is a mistake of the rule that is said clearly`, async (t) => {
    const host = hostProject(t, { 'rules/my/rule.ts': partsRule({ parts }) });
    const failure = await failureOf(t, host.list('my/rule'));
    t.is(failure.type, 'user-error');
    t.regex('message' in failure ? failure.message : '', message);
  });
}

test('small outputs of parts are stored together, and told of as they are stored', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': partsRule({
      make: `if (spec.i === 3) throw new Error('not three');
        log('part ' + spec.i);
        outputs.rows.append('row ' + spec.i);
        outputs.rejects.append('no ' + spec.i);
        // Who asks for the path finds there what was written.
        if (spec.i === 2) return { read: readFileSync(outputs.rows.path, 'utf8') };`,
    }).replace('import', "import { readFileSync } from 'node:fs';\nimport"),
  });
  const outputs = { rows: host.staged('r.jsonl', 'jsonl'), rejects: host.staged('s.jsonl', 'jsonl') };
  const { parts } = await host.list('my/rule', { params: { n: 6 }, outputs });
  const made: MadePart[] = [];
  const failed: string[] = [];
  const said: string[] = [];
  const work = await host.ruleWork('my/rule', { outputs });
  const result = await host.pool.run(
    { ...work, type: 'make', parts: packParts(parts) },
    {
      on: (message, part) => {
        if (message.type === 'made') made.push(...message.parts);
        else if (message.type === 'part-failed') failed.push(message.key);
        else said.push(...logLines([message]).map((line) => `${part} ${line}`));
      },
    },
  );
  t.deepEqual(result, { made: 5 });
  t.deepEqual(failed, [parts[3]?.key]);
  const rest = parts.filter((_, i) => i !== 3);
  t.deepEqual(
    made.map(({ key }) => key),
    rest.map(({ key }) => key),
  );
  t.deepEqual(
    said,
    rest.map(({ id }) => `${id} out: part ${id.slice(5)}`),
  );
  for (const [i, { id }] of rest.entries()) {
    t.is(textOf(host, made[i]?.outputs['rows']), `row ${id.slice(5)}\n`);
    t.is(textOf(host, made[i]?.outputs['rejects']), `no ${id.slice(5)}\n`);
  }
  t.deepEqual(made[2]?.meta, { read: 'row 2\n' });
  const holders = made.flatMap((part) => Object.values(part.outputs)).map(({ bytes }) => holderOf(bytes));
  t.true(new Set(holders).size < holders.length);
});

function textOf(host: HostProject, record: ArtifactRecord | undefined): string | undefined {
  const objects = storeOf(join(host.root, 'cache'));
  return record && Buffer.concat([...objects.read(record.bytes)]).toString();
}

const PART = { id: 'a', key: `sha256:${'0'.repeat(64)}`, spec: { i: 1 }, slices: {} } as const;

for (const [what, make, message] of [
  ['too much', "return { text: 'x'.repeat(65_536) };", /65547 bytes of JSON; 65536 are allowed/],
  ['no JSON', 'return { when: new Map([[1, 2]]).get(3) };', /cannot be kept: .*not JSON/],
  ['a list', 'return [1];', /it is no object/],
] as const) {
  test(`meta that is ${what} is an error`, async (t) => {
    const host = hostProject(t, { 'rules/my/rule.ts': partsRule({ make }) });
    const failure = await failureOf(t, host.make('my/rule', PART, { outputs: { rows: host.staged('r', 'jsonl') } }));
    t.is(failure.type, 'user-error');
    t.regex('message' in failure ? failure.message : '', message);
  });
}

test('a secret is not in meta', async (t) => {
  const host = hostProject(t, { 'rules/my/rule.ts': partsRule({ make: 'return { key: process.env.KEY };' }) });
  const outputs = { rows: host.staged('r', 'jsonl') };
  const made = await host.make('my/rule', PART, { outputs, secrets: { KEY: 'sesame' } });
  t.deepEqual(made.meta, { key: '***' });
});

test('assemble gets every part in order, to read, and may drop', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': partsRule({
      assemble: `for (const { id, meta, outputs: made } of parts) {
        if (meta.made % 2 === 1 && meta.made < params.n) continue;
        for await (const row of made.rows.rows()) outputs.rows.append(JSON.stringify([id, row.i, made.rejects === undefined]));
      }`,
    }),
  });
  const parts: RecordedPart[] = [];
  for (let i = 0; i < 4; i++) {
    const part = { ...PART, id: `part-${i}`, spec: { i } };
    parts.push({
      id: part.id,
      ...(await host.make('my/rule', part, { outputs: { rows: host.staged('r', 'jsonl') } })),
    });
  }
  const rows = host.staged('rows.jsonl', 'jsonl');
  const work = await host.ruleWork('my/rule', { params: { n: 3 }, outputs: { rows } });
  const made = await host.pool.run({
    ...work,
    type: 'assemble',
    before: {},
    begun: [],
    parts: madeParts(parts),
    keep: true,
  });
  t.is(readFileSync(rows.path, 'utf8'), '["part-0",0,true]\n["part-2",2,true]\n["part-3",3,true]\n');
  t.like(made.outputs, { rows: { kind: 'jsonl' } });

  // More parts than one message holds.
  const many = Array.from({ length: 2_500 }, () => parts[0]).filter((part) => part !== undefined);
  await host.pool.run({ ...work, type: 'assemble', before: {}, begun: [], parts: madeParts(many), keep: false });
  t.is(readFileSync(rows.path, 'utf8').split('\n').length, 2_501);
});

test('assemble leaves outputs to be joined by their kind', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': partsRule({
      make: `outputs.rows.append(JSON.stringify(spec)); outputs.rejects?.append('-' + spec.i);`,
      assemble: `log('joins ' + parts.length); join('rows'); join('rejects');
        if (params.n === 2) outputs.rows.append('more');
        if (params.n === 1) join('nothing');`,
    }).replace('async assemble({', 'async assemble({ join, log,'),
  });
  const parts: RecordedPart[] = [];
  for (let i = 0; i < 3; i++) {
    const outputs = { rows: host.staged('r', 'jsonl'), rejects: host.staged('s', 'jsonl') };
    const made = await host.make('my/rule', { ...PART, spec: { i } }, { outputs });
    parts.push({ id: `part-${i}`, ...made });
  }
  const assemble = async (n: number, rejects: boolean, keep = true, begun: readonly string[] = []) => {
    const rows = host.staged('rows.jsonl', 'jsonl');
    const outputs = { rows, ...(rejects ? { rejects: host.staged('rejects.jsonl', 'jsonl') } : {}) };
    const work = await host.ruleWork('my/rule', { params: { n }, outputs });
    return {
      path: rows.path,
      made: await host.pool.run({ ...work, type: 'assemble', before: {}, begun, parts: madeParts(parts), keep }),
    };
  };
  const { path, made } = await assemble(3, true);
  t.is(readFileSync(path, 'utf8'), '{"i":0}\n{"i":1}\n{"i":2}\n');
  t.deepEqual(Object.keys(made.outputs).sort(), ['rejects', 'rows']);
  // The whole is the list of what holds the parts' bytes.
  const { rows } = made.outputs;
  const objects = storeOf(join(host.root, 'cache'));
  t.deepEqual(
    rows && objects.members(rows.bytes.sha256)?.map(({ sha256 }) => sha256),
    parts.map(({ outputs }) => outputs['rows'] && holderOf(outputs['rows'].bytes)),
  );
  const unkept = await assemble(3, false, false);
  t.is(readFileSync(unkept.path, 'utf8'), '{"i":0}\n{"i":1}\n{"i":2}\n');
  t.deepEqual(unkept.made, { outputs: { rows }, joins: [] });

  const left = await assemble(3, true, true, ['rows', 'nothing']);
  t.deepEqual(Object.keys(left.made.outputs), ['rejects']);
  t.deepEqual(left.made.joins, ['rows'], 'whoever has begun it joins it');
  t.false(existsSync(left.path));

  t.like(await failureOf(t, assemble(2, false)), { type: 'user-error', code: 'VB810' });
  t.like(await failureOf(t, assemble(1, false)), { type: 'user-error', code: 'VB809' });
});

test('parts of one rule share a host as far as its concurrency goes, and their words are kept apart', async (t) => {
  const host = hostProject(
    t,
    {
      'rules/my/rule.ts': partsRule({
        // Each waits until all are there: alone none would end.
        make: `globalThis.arrived = (globalThis.arrived ?? 0) + 1;
          while (globalThis.arrived < 4) await new Promise((done) => setTimeout(done, 1));
          console.log('part ' + spec.i); return { pid: process.pid };`,
      }),
    },
    { slots: 1 },
  );
  const said: string[][] = [[], [], [], []];
  const made = await Promise.all(
    said.map((lines, i) =>
      host.make(
        'my/rule',
        { ...PART, id: `part-${i}`, spec: { i } },
        {
          outputs: { rows: host.staged('r', 'jsonl') },
          concurrency: 4,
          on: (message) => lines.push(...logLines([message])),
        },
      ),
    ),
  );
  t.is(new Set(made.map(({ meta }) => meta['pid'])).size, 1);
  t.deepEqual(said, [['out: part 0'], ['out: part 1'], ['out: part 2'], ['out: part 3']]);
});

test('parts that share a host with one that must be ended are made all the same', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': partsRule({
      make: `if (spec.i === 0 && !existsSync(spec.flag)) for (;;);
        while (!existsSync(spec.flag)) await new Promise((done) => setTimeout(done, 1));
        outputs.rows.append(String(spec.i));`,
    }).replace('import', "import { existsSync } from 'node:fs';\nimport"),
  });
  const flag = join(host.root, 'flag');
  mkdirSync(dirname(flag), { recursive: true });
  const make = (i: number, more = {}) =>
    host.make(
      'my/rule',
      { ...PART, id: `part-${i}`, spec: { i, flag } },
      {
        outputs: { rows: host.staged('r', 'jsonl') },
        concurrency: 2,
        ...more,
      },
    );
  const good = make(1);
  const stuck = failureOf(t, make(0, { timeoutMs: 300 }));
  t.deepEqual(await stuck, { type: 'timeout', seconds: 0.3 });
  host.write({ flag: '' });
  t.like((await good).outputs, { rows: { bytes: { size: 2 } } });
});

test('a part tells how much it would ask, given what was answered, and leaves no store of answers behind', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': partsRule({
      more: `async asks({ spec, answered }) {
        const known = (n: number): boolean => answered({ n }) !== undefined;
        return known(spec.i) ? 0 : spec.i;
      },`,
      make: 'await once({ n: spec.i }, async () => 1);',
    }),
  });
  const asks = async (i: number, task: { askAgain?: string } = {}) => {
    const work = await host.ruleWork('my/rule', task);
    const part = packParts([{ ...PART, spec: { i } }]);
    return (await host.pool.run({ ...work, type: 'asks', part })).questions;
  };
  t.is(await asks(2), 2);
  t.false(existsSync(join(host.root, 'cache/answers.db')));
  await host.make('my/rule', { ...PART, spec: { i: 2 } }, { outputs: { rows: host.staged('r', 'jsonl') } });
  t.is(await asks(2), 0);
  t.is(await asks(3), 3);
  t.is(await asks(2, { askAgain: join(host.root, 'asked') }), 2);
  t.like(await failureOf(t, asks(1.5)), { type: 'user-error', code: 'VB811' });
});
