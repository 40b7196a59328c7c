import type { Json, JsonObject } from '../base/json.js';
import { isJsonObject } from '../base/json.js';
import { compareBytes, sortedEntries } from '../base/order.js';
import type { LoadedRule, RoleDescription } from '../rule/description.js';

/** What the schema tells of a rule. */
type SchemaRule = Pick<LoadedRule, 'name' | 'summary' | 'inputs' | 'outputs' | 'params'>;

const NAME_PATTERN = '^(?!__proto__$)[A-Za-z_][A-Za-z0-9_-]*$';
const DURATION_PATTERN = '^\\s*(\\d+(\\.\\d+)?|(\\d+(\\.\\d+)?(ms|s|m|h|d))+)\\s*$';
const FILLED: JsonObject = { $ref: '#/$defs/filled' };

/**
 * The JSON Schema (draft 2020-12) of pipeline files, with the params, roles and outputs of these rules: what editors
 * complete and check by. It is more lenient than vlmbuild: every value may be a `${…}`.
 */
export function pipelineSchema(rules: readonly SchemaRule[]): JsonObject {
  const sorted = [...rules].sort((a, b) => compareBytes(a.name, b.name));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'vlmbuild pipeline',
    type: 'object',
    required: ['version', 'targets'],
    additionalProperties: false,
    properties: {
      version: { const: 1, description: 'The version of this form of file.' },
      vars: named({}, 'Values for `${vars.NAME}`; may use each other and `${env.X}`.'),
      default: { ...textOrTexts(), description: 'What a bare `vlmbuild` builds; all targets where it is left out.' },
      pools: named(filled({ type: 'integer', minimum: 1 }), 'Named limits that targets take from by `resources`.'),
      targets: named({ $ref: '#/$defs/target' }, 'The targets by name.'),
    },
    $defs: {
      filled: { type: 'string', pattern: '\\$\\{[^}]+\\}', description: 'A value with `${…}` in it.' },
      reference: {
        type: 'string',
        minLength: 1,
        description: 'A target, `target.output`, `target@key=value`, a glob or a path.',
      },
      references: { anyOf: [{ $ref: '#/$defs/reference' }, { type: 'array', items: { $ref: '#/$defs/reference' } }] },
      path: { type: 'string', minLength: 1, description: 'A path below the folder of the pipeline file.' },
      target: targetSchema(sorted),
      ...Object.fromEntries(sorted.map((rule) => [paramsKey(rule), paramsSchema(rule)])),
    },
  };
}

function named(value: JsonObject, description: string): JsonObject {
  return { type: 'object', propertyNames: { pattern: NAME_PATTERN }, additionalProperties: value, description };
}

function textOrTexts(): JsonObject {
  return { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
}

/** A value, or a text that is filled in. */
function filled(schema: JsonObject): JsonObject {
  return { anyOf: [schema, FILLED] };
}

function targetSchema(rules: readonly SchemaRule[]): JsonObject {
  const names = rules.map(({ name }) => name);
  const count = { type: 'integer', minimum: 0 };
  return {
    type: 'object',
    additionalProperties: false,
    oneOf: [{ required: ['rule'] }, { required: ['run'] }],
    required: ['outputs'],
    properties: {
      description: { type: 'string', description: 'For people.' },
      rule: { anyOf: [{ enum: names }, { type: 'string' }], description: 'The rule that makes it.' },
      run: { type: 'string', description: 'The command that makes it; `{inputs.x}` and `{outputs.x}` are paths.' },
      inputs: {
        anyOf: [{ $ref: '#/$defs/references' }, named({ $ref: '#/$defs/references' }, 'References by role.')],
        description: 'References by role.',
      },
      params: { type: 'object', description: 'Checked by the rule before anything runs.' },
      outputs: {
        anyOf: [{ $ref: '#/$defs/path' }, named({ $ref: '#/$defs/path' }, 'Paths by output.')],
        description: 'Paths by output; a bare path where there is one.',
      },
      matrix: named(
        { anyOf: [{ type: 'array', minItems: 1, items: { type: ['string', 'number', 'boolean'] } }, FILLED] },
        'Several targets from one: a target for each combination of values.',
      ),
      env: { ...textOrTexts(), description: 'Environment variables it may read; their values are part of the key.' },
      secrets: { ...textOrTexts(), description: 'Environment variables it may read that are never hashed or printed.' },
      timeout: {
        anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { type: 'string', pattern: DURATION_PATTERN }, FILLED],
        description: 'What runs longer is ended: `90s`, `10m`, `2h`.',
      },
      retries: { ...filled(count), description: 'How often a failure is tried again; per part where there are parts.' },
      allow_failures: {
        anyOf: [count, { type: 'string', pattern: '^\\d+(\\.\\d+)?\\s*%$' }, FILLED],
        description: 'Failed parts that are put up with: `2` or `5%`.',
      },
      resources: named(filled(count), '`cpus`, `gpus`, and amounts from `pools`.'),
      after: { ...textOrTexts(), description: 'Targets that go first when both are wanted, without being inputs.' },
      store: { ...filled({ type: 'boolean' }), description: '`false`: digests are kept, bytes are not.' },
      tools: { ...textOrTexts(), description: 'Programs whose version is part of the key (with `run`).' },
      allow: { ...textOrTexts(), description: 'Files the command may name without their being inputs (with `run`).' },
    },
    allOf: [
      { if: { required: ['rule'] }, then: { properties: { tools: false, allow: false } } },
      ...rules.map((rule) => ({
        if: { required: ['rule'], properties: { rule: { const: rule.name } } },
        then: ruleTarget(rule),
      })),
    ],
  };
}

function ruleTarget(rule: SchemaRule): JsonObject {
  const params = rule.params['required'];
  const required = [
    ...(Array.isArray(params) && params.length > 0 ? ['params'] : []),
    ...(Object.values(rule.inputs).some(({ optional }) => !optional) ? ['inputs'] : []),
  ];
  return {
    ...(required.length > 0 ? { required } : {}),
    properties: {
      rule: { description: rule.summary },
      params: { $ref: `#/$defs/${pointer(paramsKey(rule))}` },
      inputs: rolesSchema(rule.inputs, (role) => (role.list ? '#/$defs/references' : '#/$defs/reference')),
      outputs: rolesSchema(rule.outputs, () => '#/$defs/path'),
    },
  };
}

function rolesSchema(
  roles: Readonly<Record<string, RoleDescription>>,
  value: (role: RoleDescription) => string,
): JsonObject {
  const entries = sortedEntries(roles);
  const required = entries.filter(([, role]) => !role.optional);
  const byName: JsonObject = {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 ? { required: required.map(([name]) => name) } : {}),
    properties: Object.fromEntries(
      entries.map(([name, role]) => [name, { $ref: value(role), description: roleWords(role) }]),
    ),
  };
  const bare = required.length === 1 ? required[0] : entries.length === 1 ? entries[0] : undefined;
  return bare === undefined ? byName : { anyOf: [{ $ref: value(bare[1]) }, byName] };
}

function roleWords({ kind, list, optional }: RoleDescription): string {
  return `${list ? 'List of ' : ''}${kind}${optional ? ', optional' : ''}.`;
}

function paramsKey({ name }: SchemaRule): string {
  return `params of ${name}`;
}

/** A key as a piece of a JSON Pointer in a URI fragment. */
function pointer(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** A rule's own schema, at a place of its own: its references are moved there, and every value may be `${…}`. */
function paramsSchema(rule: SchemaRule): JsonObject {
  const place = `#/$defs/${pointer(paramsKey(rule))}`;
  const own = Object.fromEntries(Object.entries(rule.params).filter(([key]) => key !== '$schema'));
  const moved = moveReferences(own, place);
  return isJsonObject(moved) ? lenientChildren(moved) : {};
}

function moveReferences(value: Json, place: string): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => moveReferences(item, place));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === '$ref' && typeof item === 'string' && item.startsWith('#')
        ? `${place}${item.slice(1)}`
        : moveReferences(item, place),
    ]),
  );
}

const SCHEMA_MAPS = new Set(['properties', '$defs', 'definitions', 'patternProperties']);
const SCHEMA_LISTS = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const SCHEMAS = new Set(['items', 'additionalProperties']);

/** The schema with `${…}` allowed in place of every value below it. */
function lenientChildren(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]): [string, Json] => {
      if (SCHEMA_MAPS.has(key) && isJsonObject(value))
        return [key, Object.fromEntries(Object.entries(value).map(([name, item]) => [name, lenient(item)]))];
      if (SCHEMA_LISTS.has(key) && Array.isArray(value))
        return [key, (value as readonly Json[]).map((item) => (isJsonObject(item) ? lenientChildren(item) : item))];
      return SCHEMAS.has(key) ? [key, lenient(value)] : [key, value];
    }),
  );
}

function lenient(schema: Json): Json {
  if (!isJsonObject(schema) || Object.keys(schema).length === 0) return schema;
  const { description, default: fallback, ...rest } = lenientChildren(schema);
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [rest, FILLED],
  };
}
