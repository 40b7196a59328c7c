import { isJsonObject, type Json, type JsonObject } from '../base/json.js';
import type { LoadedRule, RoleDescription } from '../rule/description.js';
import { painter, type Style } from './narrator.js';
import { table } from './table.js';
import { wrapped } from './wrap.js';

/** Texts are read best in lines of about this many characters, however wide the screen. */
const LINE_WIDTH = 96;

/** A line a rule: name and summary. */
export function ruleList(rules: readonly LoadedRule[]): string {
  return table(rules.map((rule) => [rule.name, rule.summary])).join('\n');
}

/** A rule's roles and params as a page for the terminal. */
export function ruleText(rule: LoadedRule, style: Style): string {
  const paint = painter(style);
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', paint('bold', title), ...lines.map((line) => `  ${line}`)];
  const params = paramsOf(rule.params, '');
  const width = Math.max(0, ...params.map(({ path }) => path.length));
  return [
    `${paint('bold', rule.name)}: ${rule.summary}`,
    paint('dim', rule.shape === 'parts' ? 'made in parts' : 'made in one go'),
    ...section('inputs', table(roles(rule.inputs))),
    ...section('outputs', table(roles(rule.outputs))),
    ...section(
      'params',
      params.flatMap(({ path, type, state, description }) => {
        const [first = '', ...more] = wrapped(`${type}, ${state}`, LINE_WIDTH - width);
        return [
          `${paint('cyan', path.padEnd(width))}  ${first}`,
          ...more.map((line) => `${' '.repeat(width)}  ${line}`),
          ...wrapped(description, LINE_WIDTH, '    ').map((line) => paint('dim', line)),
        ];
      }),
    ),
  ].join('\n');
}

function roles(described: Readonly<Record<string, RoleDescription>>): string[][] {
  return Object.entries(described).map(([name, role]) => [
    name,
    [role.kind, role.list ? 'list' : '', role.optional ? 'optional' : ''].filter((word) => word !== '').join(', '),
  ]);
}

interface Param {
  /** Dotted name. */
  readonly path: string;
  readonly type: string;
  /** A default, `required` or `optional`. */
  readonly state: string;
  readonly description: string;
}

/** Alternatives of objects are listed in turn. */
function paramsOf(schema: JsonObject, prefix: string): Param[] {
  const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as readonly Json[]) : []);
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isJsonObject(property)) return [];
    const path = prefix + name;
    const state =
      'default' in property
        ? `default ${JSON.stringify(property['default'])}`
        : required.has(name)
          ? 'required'
          : 'optional';
    const description = typeof property['description'] === 'string' ? property['description'] : '';
    const nested = alternatives(property).filter((one) => isJsonObject(one['properties']));
    return [
      { path, type: typeText(property), state, description },
      ...nested.flatMap((one) => paramsOf(one, `${path}.`)),
    ];
  });
}

function alternatives(schema: JsonObject): JsonObject[] {
  const options = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(options) ? (options as readonly Json[]).filter(isJsonObject) : [schema];
}

/** A type in a word or two: `number`, `"text" | "image"`, `string[]`, `[integer, integer]`. */
function typeText(schema: JsonObject): string {
  if (Array.isArray(schema['enum']))
    return (schema['enum'] as readonly Json[]).map((value) => JSON.stringify(value)).join(' | ');
  if ('const' in schema) return JSON.stringify(schema['const']);
  const options = alternatives(schema);
  if (options.length > 1) return [...new Set(options.map(typeText))].join(' | ');
  if (Array.isArray(schema['prefixItems']))
    return `[${(schema['prefixItems'] as readonly Json[]).filter(isJsonObject).map(typeText).join(', ')}]`;
  if (schema['type'] === 'array') {
    const item = isJsonObject(schema['items']) ? typeText(schema['items']) : 'any';
    return item.includes(' | ') ? `(${item})[]` : `${item}[]`;
  }
  return typeof schema['type'] === 'string' ? schema['type'] : 'any';
}
