import { isJsonObject, type Json, type JsonObject } from '../base/json.js';
import type { LoadedRule, RoleDescription } from '../rule/description.js';
import { painter, type Style } from './narrator.js';
import { table } from './table.js';

/** A line a rule: name and summary. */
export function ruleList(rules: readonly LoadedRule[]): string {
  return table(rules.map((rule) => [rule.name, rule.summary])).join('\n');
}

/** A rule's roles and params as a page for the terminal. */
export function ruleText(rule: LoadedRule, style: Style): string {
  const paint = painter(style);
  const section = (title: string, rows: readonly (readonly string[])[]): string[] =>
    rows.length === 0 ? [] : ['', paint('bold', title), ...table(rows).map((line) => `  ${line}`)];
  return [
    `${paint('bold', rule.name)}: ${rule.summary}`,
    paint('dim', rule.shape === 'parts' ? 'made in parts' : 'made in one go'),
    ...section('inputs', roles(rule.inputs)),
    ...section('outputs', roles(rule.outputs)),
    ...section('params', paramRows(rule.params, '')),
  ].join('\n');
}

function roles(described: Readonly<Record<string, RoleDescription>>): string[][] {
  return Object.entries(described).map(([name, role]) => [
    name,
    [role.kind, role.list ? 'list' : '', role.optional ? 'optional' : ''].filter((word) => word !== '').join(', '),
  ]);
}

/** A row a leaf param: dotted name, type, default or `required`, description. Alternatives of objects are listed in turn. */
function paramRows(schema: JsonObject, prefix: string): string[][] {
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
    const row = [
      path,
      typeText(property),
      state,
      typeof property['description'] === 'string' ? property['description'] : '',
    ];
    const nested = alternatives(property).filter((one) => isJsonObject(one['properties']));
    return [row, ...nested.flatMap((one) => paramRows(one, `${path}.`))];
  });
}

function alternatives(schema: JsonObject): JsonObject[] {
  const options = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(options) ? (options as readonly Json[]).filter(isJsonObject) : [schema];
}

/** A type in a word or two: `number`, `"text" | "image"`, `string[]`. */
function typeText(schema: JsonObject): string {
  if (Array.isArray(schema['enum']))
    return (schema['enum'] as readonly Json[]).map((value) => JSON.stringify(value)).join(' | ');
  if ('const' in schema) return JSON.stringify(schema['const']);
  const options = alternatives(schema);
  if (options.length > 1) return [...new Set(options.map(typeText))].join(' | ');
  if (schema['type'] === 'array') return `${isJsonObject(schema['items']) ? typeText(schema['items']) : 'any'}[]`;
  return typeof schema['type'] === 'string' ? schema['type'] : 'any';
}
