import test from 'ava';
import { parseDuration } from '../base/duration.js';
import { isJsonObject, type Json, type JsonObject } from '../base/json.js';
import { TARGET_KEYS } from './draft.js';
import { pipelineSchema } from './schema.js';
import { fakeRule, role, strictObject } from './testing.js';

const rules = [
  fakeRule('b/second', {
    inputs: { rows: role('jsonl'), extra: role('file', { list: true, optional: true }) },
    outputs: { rows: role('jsonl') },
    params: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      ...strictObject({
        steps: { type: 'integer', minimum: 1, description: 'How long.', default: 50 },
        policy: { anyOf: [strictObject({ kind: { const: 'expert' } }), strictObject({ kind: { const: 'random' } })] },
        tree: { $ref: '#/$defs/tree' },
      }),
      required: ['policy'],
      $defs: { tree: strictObject({ children: { type: 'array', items: { $ref: '#/$defs/tree' } } }) },
    },
  }),
  fakeRule('a/first', { outputs: { one: role('file'), two: role('directory') } }),
];

function resolvePointer(schema: JsonObject, reference: string): Json | undefined {
  let found: Json | undefined = schema;
  for (const step of reference.slice(2).split('/')) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    found = isJsonObject(found) ? found[key] : undefined;
  }
  return found;
}

function referencesIn(value: Json): string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(referencesIn);
  if (!isJsonObject(value)) return [];
  const own = typeof value['$ref'] === 'string' ? [value['$ref']] : [];
  return [...own, ...Object.values(value).flatMap((item) => referencesIn(item))];
}

test('every reference leads somewhere, also those of a rule’s own schema', (t) => {
  const schema = pipelineSchema(rules);
  const references = new Set(referencesIn(schema));
  t.true(references.has('#/$defs/params%20of%20b~1second/$defs/tree'));
  for (const reference of references) t.not(resolvePointer(schema, reference), undefined, reference);
});

test('the schema does not depend on the order of the rules', (t) => {
  t.deepEqual(JSON.stringify(pipelineSchema(rules)), JSON.stringify(pipelineSchema(rules.toReversed())));
});

test('it knows the keys of a target that the checks know', (t) => {
  const target = resolvePointer(pipelineSchema([]), '#/$defs/target');
  t.deepEqual(Object.keys((target as { properties: JsonObject }).properties).sort(), [...TARGET_KEYS].sort());
});

test('params may be ${…} at every depth; roles are those of the rule', (t) => {
  const schema = pipelineSchema(rules);
  const params = resolvePointer(schema, '#/$defs/params%20of%20b~1second');
  t.like((params as { properties: JsonObject }).properties, {
    steps: {
      description: 'How long.',
      default: 50,
      anyOf: [{ type: 'integer', minimum: 1 }, { $ref: '#/$defs/filled' }],
    },
  });
  const text = JSON.stringify(params);
  t.is(text.split('"const":"expert"').length, 2);
  t.true(text.includes('{"anyOf":[{"const":"expert"},{"$ref":"#/$defs/filled"}]}'));
  const target = resolvePointer(schema, '#/$defs/target') as { allOf: { if: JsonObject; then: JsonObject }[] };
  t.deepEqual(
    target.allOf.map((each) => each.then['required']),
    [undefined, undefined, ['params', 'inputs']],
  );
  t.deepEqual(target.allOf[0]?.then['properties'], { tools: false, allow: false }, 'commands alone have these');
});

test('a timeout of the schema is one that vlmbuild reads', (t) => {
  const { anyOf } = resolvePointer(pipelineSchema([]), '#/$defs/target/properties/timeout') as {
    anyOf: { pattern?: string }[];
  };
  const pattern = new RegExp(anyOf.find((one) => one.pattern !== undefined)?.pattern ?? '');
  for (const text of ['90s', ' 10m ', '1h30m', '1.5h', '90', '250ms', 'soon', '', '10 m', 's', '1x', '-5s'])
    t.is(pattern.test(text), parseDuration(text) !== undefined, text);
});
