import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import type { KindName } from '../artifacts/kind.js';
import type { Json, JsonObject } from '../base/json.js';
import type { CheckedParams, LoadedRule, ParamIssue, RoleDescription, RuleSource } from '../rule/description.js';
import { readEnvironment } from './environment.js';
import { loadPipeline, type LoadedPipeline } from './load.js';

/** A project in a folder of its own, gone with the test. `files`: content by path; `→ path` makes a link. */
export function makeProject(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const root = tempFolder(t);
  for (const [path, content] of Object.entries(files)) {
    const full = join(root, path);
    mkdirSync(dirname(full), { recursive: true });
    if (content.startsWith('→ ')) symlinkSync(content.slice(2), full);
    else writeFileSync(full, content);
  }
  return root;
}

export interface LoadSettings {
  readonly set?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly rules?: RuleSource;
}

/** Loads `pipeline.yaml` of a project with the rules below. */
export async function loadProject(root: string, settings: LoadSettings = {}): Promise<LoadedPipeline> {
  return loadPipeline({
    file: join(root, 'pipeline.yaml'),
    rules: settings.rules ?? fakeRules(root),
    set: settings.set ?? [],
    environment: readEnvironment(root, { ...settings.environment }),
  });
}

/** Messages without the folder that this run happened to use. */
export function withoutRoot(text: string, root: string): string {
  return text.replaceAll(`${relative(process.cwd(), root)}/`, '').replaceAll(`${root}/`, '');
}

const HASH = `sha256:${'0'.repeat(64)}` as const;

export function role(kind: KindName, options: Partial<RoleDescription> = {}): RoleDescription {
  return { kind, list: false, optional: false, ...options };
}

export function strictObject(properties: Readonly<Record<string, JsonObject>>): JsonObject {
  return { type: 'object', properties, additionalProperties: false };
}

export function fakeRule(name: string, rule: Partial<LoadedRule>): LoadedRule {
  return {
    name,
    summary: `Does ${name}.`,
    shape: 'whole',
    inputs: {},
    outputs: {},
    params: strictObject({}),
    assembles: false,
    asks: false,
    path: `/rules/${name}.ts`,
    code: HASH,
    bundle: `/cache/rules/${name}.cjs`,
    modules: {},
    closure: [],
    shadows: [],
    ...rule,
  };
}

/** Rules in the forms that the language of pipelines has to deal with. */
export function fakeRules(root: string): RuleSource {
  const rules = [
    fakeRule('sft/filter', {
      shape: 'parts',
      inputs: { rows: role('jsonl') },
      outputs: { rows: role('jsonl'), rejects: role('jsonl', { optional: true }) },
      params: strictObject({
        include_assistant: { type: 'boolean', default: false, description: 'Whether answers count.' },
        limit: { type: 'integer' },
        text: { type: 'string' },
        tags: { type: 'array', description: 'Tags of rows.', items: { type: 'string' } },
      }),
      closure: [join(root, 'rules/sft/filter.ts'), join(root, 'rules/lib/rows.ts')],
    }),
    fakeRule('sft/export', { inputs: { db: role('sqlite') }, outputs: { rows: role('jsonl') } }),
    fakeRule('sft/split', {
      inputs: { rows: role('jsonl') },
      outputs: { train: role('jsonl'), validation: role('jsonl') },
    }),
    fakeRule('crafter/rollouts', {
      shape: 'parts',
      outputs: { db: role('sqlite') },
      params: strictObject({
        seeds: {},
        mode: {},
        steps: { type: 'integer', default: 50 },
        policy: strictObject({ kind: { type: 'string' } }),
      }),
    }),
    fakeRule('crafter/frames', {
      inputs: { textures: role('directory', { optional: true, param: 'textures' }) },
      outputs: { frames: role('directory'), messages: role('jsonl', { optional: true }) },
      params: strictObject({ textures: { type: 'string' } }),
    }),
    fakeRule('text/join', {
      inputs: { files: role('file', { list: true }), extra: role('file', { list: true, optional: true }) },
      outputs: { text: role('file') },
    }),
    fakeRule('text/pack', {
      inputs: { folder: role('directory'), note: role('file', { optional: true }) },
      outputs: { pack: role('file') },
    }),
  ];
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  return {
    find: async (name) => byName.get(name),
    names: () => [...byName.keys()].sort(),
    check: async (rule, params) => checkBySchema(rule, params),
  };
}

/** What a rule's zod schema does, for the few types used above. */
function checkBySchema(rule: LoadedRule, params: JsonObject): CheckedParams {
  const properties = rule.params['properties'] as Readonly<Record<string, JsonObject>>;
  const issues: ParamIssue[] = [];
  const checked: Record<string, Json> = {};
  for (const [name, schema] of Object.entries(properties)) {
    const value = params[name] ?? schema['default'];
    if (value === undefined) continue;
    checked[name] = value;
    const type = schema['type'];
    const wanted = type === 'integer' ? 'number' : type;
    if ((wanted === 'number' || wanted === 'boolean' || wanted === 'string') && typeof value !== wanted)
      issues.push({ path: [name], message: `Invalid input: expected ${wanted}, received ${typeof value}` });
    if (type === 'array' && Array.isArray(value)) {
      for (const [index, item] of (value as readonly Json[]).entries())
        if (typeof item !== 'string')
          issues.push({ path: [name, index], message: `Invalid input: expected string, received ${typeof item}` });
    }
  }
  return issues.length > 0
    ? { ok: false, issues }
    : { ok: true, params: checked, concurrency: null, deterministic: true };
}
