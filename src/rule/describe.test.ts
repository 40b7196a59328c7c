import test from 'ava';
import { z } from 'zod';
import { defineRule, RULE } from './define.js';
import { describeRule } from './describe.js';
import { directory, file, jsonl, sqlite } from './roles.js';

const outputs = { out: file() };
const run = (): void => undefined;

const problemOf = (exports: Record<string, unknown>): unknown => {
  const described = describeRule(exports, z);
  return described.ok ? undefined : described.problem;
};
const withParams = (params: z.ZodObject) => problemOf({ default: defineRule({ summary: '', params, outputs, run }) });

test('a rule is described by its roles and the schema of what may be written', (t) => {
  const rule = defineRule({
    summary: 'Does it.',
    params: z.strictObject({ n: z.int().default(3).describe('how many'), art: z.string().optional() }),
    inputs: { db: sqlite(), more: directory().list().optional(), art: directory().fromParam('art') },
    outputs: { rows: jsonl(), rejects: jsonl().optional() },
    *parts() {
      yield { id: 'a', spec: {} };
    },
    make: run,
  });
  const described = describeRule({ default: rule }, z);
  t.true(described.ok);
  if (!described.ok) return;
  const { params, ...others } = described.description;
  t.deepEqual(others, {
    summary: 'Does it.',
    shape: 'parts',
    inputs: {
      db: { kind: 'sqlite', list: false, optional: false },
      more: { kind: 'directory', list: true, optional: true },
      art: { kind: 'directory', list: false, optional: true, param: 'art' },
    },
    outputs: {
      rows: { kind: 'jsonl', list: false, optional: false },
      rejects: { kind: 'jsonl', list: false, optional: true },
    },
    assembles: false,
    asks: false,
  });
  t.like(params, {
    additionalProperties: false,
    properties: { n: { type: 'integer', default: 3, description: 'how many' } },
  });
  t.is(params['required'], undefined);
});

test('a module without a rule is no rule', (t) => {
  t.deepEqual(problemOf({ helper: 1 }), { type: 'no-default-export', exports: ['helper'] });
  t.deepEqual(problemOf({ default: run }), { type: 'not-a-rule', found: 'a function' });
  t.deepEqual(problemOf({ default: undefined }), { type: 'not-a-rule', found: 'undefined' });
  t.deepEqual(problemOf({ default: { summary: '', run } }), {
    type: 'not-a-rule',
    found: 'an object that `defineRule` did not make',
  });
});

test('params are strict at every level', (t) => {
  const open = z.object({ a: z.int() });
  const strict = z.strictObject({ a: z.int() });
  t.is(withParams(z.strictObject({ p: strict, q: z.array(strict), r: z.record(z.string(), strict) })), undefined);
  const refused: Record<string, z.ZodObject> = {
    '': open,
    p: z.strictObject({ p: open.optional() }),
    'q[]': z.strictObject({ q: z.array(open).default([]) }),
    'r.*': z.strictObject({ r: z.record(z.string(), open) }),
    'u.inner': z.strictObject({ u: z.union([z.int(), z.strictObject({ inner: z.looseObject({}) })]) }),
    'a.b.c': z.strictObject({ a: z.strictObject({ b: z.strictObject({ c: open.nullable() }) }) }),
    't[1]': z.strictObject({ t: z.tuple([z.int(), open]) }),
    l: z.strictObject({ l: z.lazy(() => open) }),
    s: z.strictObject({ s: open.transform((value) => value.a) }),
  };
  for (const [path, params] of Object.entries(refused)) {
    t.deepEqual(withParams(params), { type: 'params-not-strict', path });
  }
});

test('a schema that refers to itself is walked once', (t) => {
  const tree: z.ZodType = z.strictObject({
    get children() {
      return z.array(tree);
    },
  });
  t.is(withParams(z.strictObject({ tree })), undefined);
});

test('a param that JSON cannot hold is refused', (t) => {
  t.deepEqual(withParams(z.strictObject({ when: z.date().optional() })), {
    type: 'params-not-json',
    path: 'when',
    found: 'date',
  });
  t.deepEqual(withParams(z.strictObject({ n: z.array(z.bigint()) })), {
    type: 'params-not-json',
    path: 'n[]',
    found: 'bigint',
  });
});

test('what plain JavaScript got wrong is said', (t) => {
  const params = z.strictObject({});
  const whole = { [RULE]: true, shape: 'whole', summary: '', params, outputs, run };
  const parts = { ...whole, run: undefined, shape: 'parts', parts: run, make: run };
  for (const [rule, what] of [
    [{ ...whole, summary: undefined }, 'summary'],
    [{ ...whole, params: {} }, 'params'],
    [{ ...whole, run: undefined }, 'run'],
    [{ ...parts, make: 1 }, 'make'],
    [{ ...whole, outputs: undefined }, 'outputs'],
    [{ ...whole, outputs: {} }, 'outputs'],
    [{ ...whole, outputs: { out: 'file' } }, 'outputs.out'],
    [{ ...whole, outputs: { out: file().list() } }, 'outputs.out'],
    [{ ...whole, inputs: { 'a b': file() } }, 'inputs'],
    [{ ...whole, inputs: { art: directory().fromParam('textures') } }, 'inputs.art'],
    [{ ...whole, outputs: { out: file().fromParam('out') } }, 'outputs.out'],
  ] as const) {
    t.like(problemOf({ default: rule }), { type: 'malformed', what });
  }
});
