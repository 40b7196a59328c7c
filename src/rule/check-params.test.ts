import test from 'ava';
import { z } from 'zod';
import type { JsonObject } from '../base/json.js';
import { checkParams } from './check-params.js';
import { defineRule, type AnyRule, type ParamsSchema } from './define.js';
import { file, jsonl } from './roles.js';

const ruleWith = (params: ParamsSchema): AnyRule =>
  defineRule({ summary: '', params, outputs: { out: file() }, run: () => undefined });

const schema = z.strictObject({
  seed: z.int().min(1).max(10).default(7),
  mode: z.enum(['text', 'image', 'both']).default('both'),
  name: z.string().optional(),
  seeds: z.array(z.int()).min(1).optional(),
  policy: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('expert'), care: z.number().optional() }),
      z.strictObject({ kind: z.literal('model'), model: z.string() }),
    ])
    .optional(),
  limit: z.union([z.int(), z.literal('none')]).optional(),
  range: z.union([z.int(), z.string().regex(/^\d+\.\.\d+$/, 'A range is written `0..9`')]).optional(),
  nested: z.strictObject({ deep: z.strictObject({ flag: z.boolean() }) }).optional(),
});

const issuesOf = async (params: JsonObject): Promise<readonly string[]> => {
  const checked = await checkParams(ruleWith(schema), params);
  return checked.ok ? [] : checked.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

test('params get their defaults', async (t) => {
  t.deepEqual(await checkParams(ruleWith(schema), { name: 'a' }), {
    ok: true,
    params: { mode: 'both', name: 'a', seed: 7 },
    concurrency: null,
    deterministic: true,
  });
});

for (const [params, ...expected] of [
  [{ seed: 'x' }, 'seed: expected a number, got `x`'],
  [{ seed: '5' }, 'seed: expected a number, got `"5"`; did you mean `5`?'],
  [{ seed: '' }, 'seed: expected a number, got `""`'],
  [{ seed: 1.5 }, 'seed: expected a whole number, got `1.5`'],
  [{ seed: 0 }, 'seed: must be at least 1'],
  [{ seed: 11 }, 'seed: must be at most 10'],
  [{ modes: 1 }, 'modes: there is no param `modes`; did you mean `mode`?'],
  [{ mode: 'imag' }, 'mode: expected one of `text`, `image`, `both`, got `imag`; did you mean `image`?'],
  [{ name: 5 }, 'name: expected a string, got `5`; did you mean `"5"`?'],
  [{ name: null }, 'name: expected a string, got `null`'],
  [{ name: ['a'] }, 'name: expected a string, got a list'],
  [{ seeds: [] }, 'seeds: must have at least 1 item'],
  [{ seeds: 1 }, 'seeds: expected a list, got `1`; did you mean `[1]`?'],
  [{ seeds: [1, 'b'] }, 'seeds.1: expected a number, got `b`'],
  [{ policy: { kind: 'modle' } }, 'policy.kind: expected one of `expert`, `model`, got `modle`; did you mean `model`?'],
  [{ policy: {} }, 'policy.kind: expected one of `expert`, `model`, it is missing'],
  [{ policy: { kind: 'model' } }, 'policy.model: is missing: expected a string'],
  [{ policy: { kind: 'expert', cares: 1 } }, 'policy.cares: there is no param `cares`; did you mean `care`?'],
  [{ range: 'all' }, 'range: a range is written `0..9`'],
  [{ range: [] }, 'range: expected a number or a string, got a list'],
  [{ limit: 'all' }, 'limit: expected a number or `none`, got `all`'],
  [
    { nested: { deep: { flags: true } } },
    'nested.deep.flag: is missing: expected `true` or `false`',
    'nested.deep.flags: there is no param `flags`; did you mean `flag`?',
  ],
  [{ nested: { deep: { flag: 'true' } } }, 'nested.deep.flag: expected `true` or `false`, got `"true"`'],
  [{ nested: 3 }, 'nested: expected a map, got `3`'],
] as [JsonObject, ...string[]][]) {
  test(`${JSON.stringify(params)} is refused with a reason`, async (t) => {
    t.deepEqual(await issuesOf(params), expected);
  });
}

test('all mistakes are told at once', async (t) => {
  t.is((await issuesOf({ seed: 'x', mode: 'y', other: 1 })).length, 3);
});

test("a rule's own refinement speaks for itself", async (t) => {
  const rule = ruleWith(
    z
      .strictObject({ a: z.int(), b: z.int() })
      .refine(({ a, b }) => a < b, { path: ['b'], message: 'Must be above `a`' }),
  );
  t.deepEqual(await checkParams(rule, { a: 2, b: 1 }), {
    ok: false,
    issues: [{ path: ['b'], message: 'must be above `a`' }],
  });
});

test('a union that is not there is missing, rather than `undefined`', async (t) => {
  const rule = ruleWith(z.strictObject({ seeds: z.union([z.int(), z.array(z.int())]) }));
  t.deepEqual(await checkParams(rule, {}), {
    ok: false,
    issues: [{ path: ['seeds'], message: 'is missing: expected a number or a list' }],
  });
});

test('concurrency comes from the checked params', async (t) => {
  const rule = (concurrency: (context: { params: { n: number } }) => number | undefined) =>
    defineRule({
      summary: '',
      params: z.strictObject({ n: z.int().default(4) }),
      outputs: { out: jsonl() },
      concurrency,
      *parts() {
        yield { id: 'a', spec: null };
      },
      make: () => undefined,
    });
  t.like(
    await checkParams(
      rule(({ params }) => params.n),
      {},
    ),
    { ok: true, concurrency: 4 },
  );
  t.like(
    await checkParams(
      rule(() => undefined),
      {},
    ),
    { ok: true, concurrency: null },
  );
  await t.throwsAsync(
    checkParams(
      rule(() => 0),
      {},
    ),
    { message: /`concurrency` gave 0/ },
  );
});

test('whether it is deterministic may follow from the checked params', async (t) => {
  const rule = (deterministic?: boolean | ((context: { params: { policy: string } }) => boolean)) =>
    defineRule({
      summary: '',
      params: z.strictObject({ policy: z.string().default('expert') }),
      outputs: { out: jsonl() },
      ...(deterministic === undefined ? {} : { deterministic }),
      run: () => undefined,
    });
  const isDeterministic = async (...[said, params = {}]: [Parameters<typeof rule>[0]?, JsonObject?]) => {
    const checked = await checkParams(rule(said), params);
    return checked.ok && checked.deterministic;
  };
  t.true(await isDeterministic());
  t.false(await isDeterministic(false));
  const unlessModel = ({ params }: { params: { policy: string } }) => params.policy !== 'model';
  t.true(await isDeterministic(unlessModel));
  t.false(await isDeterministic(unlessModel, { policy: 'model' }));
  await t.throwsAsync(isDeterministic((() => 'maybe') as never), { message: /`deterministic` gave "maybe"/ });
});

test('a schema whose result JSON cannot hold is an error', async (t) => {
  const rule = ruleWith(z.strictObject({ at: z.string().transform((text) => new Date(text)) }));
  await t.throwsAsync(checkParams(rule, { at: '2020-01-01' }), { message: /JSON cannot hold/ });
});
