import test from 'ava';
import fc from 'fast-check';
import { sha256, type Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { differences, type Print } from './difference.js';
import { KEY_FORMAT, keyOf, type Fingerprint, type InputPrint } from './fingerprint.js';
import { reasonText } from './reason-text.js';
import type { Reason } from './reasons.js';

const digest: fc.Arbitrary<Digest> = fc.nat(3).map((n) => sha256(String(n)));
const name = fc.constantFrom('a', 'b', 'c.d');
const json = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom<Json>(0, 1, '1', '', true, null),
    fc.array(tie('json'), { maxLength: 2 }),
    fc.dictionary(name, tie('json'), { maxKeys: 2 }),
  ),
})).json;
const input: fc.Arbitrary<InputPrint> = fc.oneof(
  digest,
  fc.constant(null),
  fc.array(
    fc.record({ digest, name: fc.constantFrom('x', 'y'), executable: fc.constant(true) }, { requiredKeys: ['digest'] }),
    { maxLength: 2 },
  ),
);
// Small domains, so that two of them are often equal in most of their components.
const fingerprint: fc.Arbitrary<Fingerprint> = fc.record({
  format: fc.constantFrom(KEY_FORMAT, KEY_FORMAT, KEY_FORMAT, KEY_FORMAT + 1),
  work: fc.oneof(
    fc.record({ type: fc.constant('rule' as const), rule: fc.constantFrom('g/r', 'g/s'), code: digest }),
    fc.record({
      type: fc.constant('command' as const),
      text: fc.constantFrom('cat', 'cp'),
      tools: fc.dictionary(fc.constantFrom('python3', 'node'), fc.constantFrom('1', '2'), { maxKeys: 2 }),
    }),
  ),
  params: fc.dictionary(name, json, { maxKeys: 2 }),
  inputs: fc.dictionary(name, input, { maxKeys: 2 }),
  env: fc.dictionary(name, fc.option(digest), { maxKeys: 2 }),
  outputs: fc.uniqueArray(name, { maxLength: 2 }).map((names) => names.sort()),
});

function print(of: Fingerprint, more: Partial<Print> = {}): Print {
  return { fingerprint: of, modules: {}, details: { inputs: {} }, ...more };
}

/** The second is the first with some of its components taken from another. */
const pair = fc
  .tuple(fingerprint, fingerprint, fc.subarray(['format', 'work', 'params', 'inputs', 'env', 'outputs'] as const))
  .map(([a, b, changed]) => {
    const changes = Object.fromEntries(changed.map((component) => [component, b[component]]));
    return [a, { ...a, ...changes }] as [Fingerprint, Fingerprint];
  });

test('there is a difference exactly where the keys differ', (t) => {
  fc.assert(
    fc.property(pair, ([a, b]) => {
      t.is(differences(print(a), print(b)).length === 0, keyOf(a) === keyOf(b));
    }),
    { seed: 5, numRuns: 3000 },
  );
});

test('a key changes exactly where a component does', (t) => {
  const plain = (value: unknown): string =>
    JSON.stringify(value, (_, item: unknown) =>
      typeof item === 'object' && item !== null && !Array.isArray(item)
        ? Object.fromEntries(Object.entries(item).sort(([x], [y]) => (x < y ? -1 : 1)))
        : item,
    );
  fc.assert(
    fc.property(pair, ([a, b]) => {
      t.is(keyOf(a) === keyOf(b), plain(a) === plain(b));
    }),
    { seed: 6, numRuns: 3000 },
  );
});

test('every component that differs is named, and no other', (t) => {
  const component = ({ type }: Reason): string =>
    ({ 'param-changed': 'params', 'input-changed': 'inputs', 'env-changed': 'env', 'outputs-changed': 'outputs' })[
      type as string
    ] ?? 'work';
  fc.assert(
    fc.property(pair, ([a, b]) => {
      fc.pre(a.format === b.format);
      const named = new Set(differences(print(a), print(b)).map(component));
      for (const part of ['work', 'params', 'inputs', 'env', 'outputs'] as const) {
        t.is(named.has(part), keyOf({ ...a, [part]: b[part] }) !== keyOf(a), part);
      }
    }),
    { seed: 7, numRuns: 2000 },
  );
});

const base: Fingerprint = {
  format: KEY_FORMAT,
  work: { type: 'rule', rule: 'sft/filter', code: sha256('code') },
  params: { steps: 50, policy: { kind: 'expert', weights: [1, 2] }, prompt: 'p'.repeat(100) },
  inputs: { rows: sha256('rows'), images: sha256('images') },
  env: { HF_HOME: null, SEED: sha256('1') },
  outputs: ['rows'],
};

function texts(before: Print, now: Print): string[] {
  return differences(before, now).map(reasonText);
}

test('params are told leaf by leaf', (t) => {
  const params = {
    steps: 60,
    policy: { kind: 'random', weights: [1, 3] },
    prompt: `${'p'.repeat(99)}q`,
    'new.one': { deep: true },
  };
  t.deepEqual(texts(print(base), print({ ...base, params })), [
    'param changed ("new.one" (none) → {"deep":true})',
    'param changed (policy.kind expert → random)',
    'param changed (policy.weights[1] 2 → 3)',
    `param changed (prompt …${'p'.repeat(13)} → …${'p'.repeat(12)}q)`,
    'param changed (steps 50 → 60)',
  ]);
  t.deepEqual(texts(print({ ...base, params: { n: 1 } }), print({ ...base, params: { n: '1' } })), [
    'param changed (n 1 → "1")',
  ]);
});

test('inputs are told by the names behind them, where both sides are known', (t) => {
  const now = { ...base, inputs: { ...base.inputs, images: sha256('other') } };
  const before = { images: { 'a.png': '1', 'b.png': '1', 'c.png': '1', 'd.png': '1', 'gone.png': '1' } };
  const after = { images: { 'a.png': '2', 'b.png': '2', 'c.png': '2', 'd.png': '2', 'new.png': '1' } };
  const named = texts(print(base, { details: { inputs: before } }), print(now, { details: { inputs: after } }));
  t.deepEqual(named, [
    'input changed (images: added new.png; changed a.png, b.png, c.png and 1 more; removed gone.png)',
  ]);
  t.deepEqual(texts(print(base), print(now, { details: { inputs: after } })), ['input changed (images)']);
});

test('many changed names are counted', (t) => {
  const names = (value: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${i}`, value]));
  const now = { ...base, inputs: { ...base.inputs, images: sha256('other') } };
  const [reason] = differences(
    print(base, { details: { inputs: { images: names('1') } } }),
    print(now, { details: { inputs: { images: names('2') } } }),
  );
  t.like(reason, { type: 'input-changed', counts: { added: 0, changed: 500, removed: 0 } });
  t.true(reason?.type === 'input-changed' && reason.changed.length === 20);
  t.is(reason && reasonText(reason), 'input changed (images: changed 0, 1, 10 and 497 more)');
});

test('a rule is told by its changed modules, its name, or what it was', (t) => {
  const work = { type: 'rule', rule: 'sft/filter', code: sha256('new') } as const;
  const modules = { 'rules/sft/filter.ts': sha256('1'), 'rules/lib/chat.ts': sha256('1'), 'zod@4.0.0': sha256('1') };
  const after = { 'rules/sft/filter.ts': sha256('1'), 'rules/lib/chat.ts': sha256('2'), 'zod@4.1.0': sha256('1') };
  const now = print({ ...base, work }, { modules: after });
  t.deepEqual(texts(print(base, { modules }), now), ['rule changed (rules/lib/chat.ts, zod@4.0.0, zod@4.1.0)']);
  t.deepEqual(texts(print(base), now), ['rule changed']);
  t.deepEqual(texts(print(base), print({ ...base, work: { ...work, rule: 'sft/sieve' } })), [
    'rule changed (was sft/filter)',
  ]);
  const command = { type: 'command', text: 'cat {input}', tools: { python3: 'Python 3.12' } } as const;
  t.deepEqual(texts(print(base), print({ ...base, work: command })), [
    'command changed (rule sft/filter → cat {input})',
  ]);
  const older = { ...command, tools: { python3: 'Python 3.11' } };
  t.deepEqual(texts(print({ ...base, work: older }), print({ ...base, work: command })), [
    'tools changed (python3: Python 3.11 → Python 3.12)',
  ]);
});

test('environment: set, unset and another value are three things', (t) => {
  const env = { HF_HOME: sha256('/x'), SEED: null };
  t.deepEqual(texts(print(base), print({ ...base, env })), [
    'env changed (HF_HOME is set now)',
    'env changed (SEED is unset now)',
  ]);
  const other = { ...base, env: { ...base.env, SEED: sha256('2') } };
  t.deepEqual(texts(print(base), print(other)), ['env changed (SEED)']);
});

test('under another key format nothing else is compared', (t) => {
  t.deepEqual(texts(print({ ...base, format: 0, params: {} }), print(base)), [`format changed (0 → ${KEY_FORMAT})`]);
});
