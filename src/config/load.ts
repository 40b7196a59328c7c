import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { compareBytes } from '../base/order.js';
import { configErrors } from '../diagnostics/config.js';
import { yamlErrors } from '../diagnostics/yaml.js';
import { UserFacingError, type Diagnostic, type Location } from '../diagnostics/diagnostic.js';
import { graphErrors } from '../diagnostics/graph.js';
import type { RuleSource } from '../rule/description.js';
import { readCheckedTargets, type CheckedTargets } from './checked-targets.js';
import type { Environment } from './environment.js';
import { readPools, secretNames } from './options.js';
import type { Pipeline } from './pipeline.js';
import { Problems } from './problems.js';
import { asMap, checkKeys, checkName, entryOf, fillTexts } from './reading.js';
import { selectTargets } from './references.js';
import { applySet } from './set.js';
import { describeNode, locate, Source, type MapNode, type Node } from './source.js';
import { parseTargetName } from './target-name.js';
import { Cells, EnvironmentValues, type Scope } from './values.js';
import { readYaml } from './yaml-reader.js';

interface LoadOptions {
  /** The pipeline file, as the user would name it or absolute. */
  readonly file: string;
  readonly rules: RuleSource;
  /** `--set` arguments: `vars.seeds=0..19`. */
  readonly set: readonly string[];
  readonly environment: Environment;
}

export interface LoadedPipeline {
  /** Without the targets that have a problem, and without those that need one of them. */
  readonly pipeline: Pipeline;
  /** In the order of the text. */
  readonly problems: readonly Diagnostic[];
}

const TOP_KEYS = ['version', 'vars', 'default', 'pools', 'targets'];

/**
 * Reads, fills in and checks a pipeline file. Every mistake is in `problems`, located.
 *
 * @throws UserFacingError where the file cannot be read or is not YAML (all its syntax errors at once).
 */
export async function loadPipeline(options: LoadOptions): Promise<LoadedPipeline> {
  const file = resolve(options.file);
  const root = dirname(file);
  const source = new Source(shownPath(options.file), readText(file, options.file));
  const problems = new Problems();
  const document = await readYaml(source, problems);
  if (document === undefined) throw new UserFacingError(problems.inOrder());
  const empty = { file, root, overridden: options.set.length > 0 };
  const map = asMap(document, 'the pipeline', problems);
  if (map === undefined || !checkVersion(map, problems)) {
    return { pipeline: pipelineOf(empty, undefined), problems: problems.inOrder() };
  }
  checkKeys(map, TOP_KEYS, 'the pipeline', problems);

  const top = await topScope(map, options, root, problems);
  const poolsEntry = entryOf(map, 'pools');
  const pools = poolsEntry === undefined ? {} : readPools(poolsEntry.value, top);
  const targetsEntry = entryOf(map, 'targets');
  if (targetsEntry === undefined) {
    const at = source.at(map.start);
    problems.add(configErrors.missingKey({ at, name: 'targets', where: 'the pipeline', example: 'targets:' }));
  }
  const targetsMap = targetsEntry === undefined ? undefined : asMap(targetsEntry.value, 'targets', problems);
  const checked = await readCheckedTargets({
    entries: targetsMap?.entries ?? new Map(),
    top,
    pools,
    rules: options.rules,
    root,
    protectedFiles: [
      { path: basename(file), what: 'the pipeline file' },
      { path: `${basename(file).replace(/\.ya?ml$/, '')}.lock`, what: 'the lock' },
      { path: '.env', what: '`.env`' },
    ],
  });
  const defaults = readDefaults(map, top, checked);
  return {
    pipeline: { ...pipelineOf(empty, checked), defaults, pools, environmentRead: top.environment.readNames() },
    problems: problems.inOrder(),
  };
}

function pipelineOf(
  base: Pick<Pipeline, 'file' | 'root' | 'overridden'>,
  checked: CheckedTargets | undefined,
): Pipeline {
  return {
    ...base,
    targets: checked?.targets ?? new Map(),
    matrices: checked?.matrices ?? new Map(),
    defaults: [],
    pools: {},
    environmentRead: {},
    leftOut: checked?.leftOut ?? { targets: [], incomplete: true },
  };
}

/** As the user would write it: relative to where the command runs, where that is shorter. */
function shownPath(file: string): string {
  if (!isAbsolute(file)) return file;
  const inside = relative(process.cwd(), file);
  return inside !== '' && inside.length < file.length ? inside : file;
}

function readText(file: string, shown: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'it does not exist',
      EISDIR: 'it is a folder',
      EACCES: 'permission denied',
    };
    throw new UserFacingError(yamlErrors.unreadable({ path: shownPath(shown), reason: reasons[code] ?? code }));
  }
  const text = bytes.toString();
  // Otherwise texts that differ would be read as the same.
  if (!isUtf8(bytes)) {
    const at = new Source(shownPath(shown), text).at(Math.max(0, text.indexOf('\ufffd')));
    throw new UserFacingError(yamlErrors.notUtf8({ at }));
  }
  return text;
}

/** Whether the file can be read by this vlmbuild. One of another version is not looked at any further. */
function checkVersion(map: MapNode, problems: Problems): boolean {
  const entry = map.entries.get('version');
  if (entry === undefined) {
    const at = map.source.at(map.start);
    problems.add(configErrors.missingKey({ at, name: 'version', where: 'the pipeline', example: 'version: 1' }));
    return true;
  }
  const { value } = entry;
  if (value.type === 'scalar' && (value.value === 1 || value.broken)) return true;
  const newer = value.type === 'scalar' && typeof value.value === 'number' && value.value > 1;
  const found = value.type === 'scalar' ? JSON.stringify(value.value) : describeNode(value);
  problems.add(configErrors.version({ at: locate(value), found, newer }));
  return !newer;
}

async function topScope(map: MapNode, options: LoadOptions, root: string, problems: Problems): Promise<Scope> {
  const nodes = new Map<string, Node>();
  const varsEntry = entryOf(map, 'vars');
  const varsMap = varsEntry === undefined ? undefined : asMap(varsEntry.value, 'vars', problems);
  for (const [name, { key, value }] of varsMap?.entries ?? []) {
    if (checkName(key, 'var', problems)) nodes.set(name, value);
  }
  await applySet(options.set, nodes, problems);
  const shownEnvironmentFile = relative(root, options.environment.file);
  const environment = new EnvironmentValues(options.environment, secretsOf(map), shownEnvironmentFile);
  const scopeOf = (vars: Cells): Scope => ({ problems, vars, environment });
  const vars: Cells = new Cells('vars', nodes, () => scopeOf(vars));
  vars.all();
  return scopeOf(vars);
}

/** Secrets of all targets: a var that reads one could be used anywhere. */
function secretsOf(map: MapNode): Map<string, Location> {
  const targets = entryOf(map, 'targets')?.value;
  const secrets = new Map<string, Location>();
  if (targets?.type !== 'map') return secrets;
  for (const { value } of targets.entries.values()) {
    if (value.type === 'map') for (const [name, at] of secretNames(value)) secrets.set(name, at);
  }
  return secrets;
}

/** The targets of `default`, instances each on their own; all where the file does not say. */
function readDefaults(map: MapNode, top: Scope, checked: CheckedTargets): string[] {
  const entry = entryOf(map, 'default');
  if (entry === undefined) return [...checked.targets.keys()];
  const names: string[] = [];
  for (const { text, at } of fillTexts(entry.value, top, 'default') ?? []) {
    const name = parseTargetName(text);
    const target = name === undefined ? undefined : checked.known.get(name.base);
    if (name === undefined || target === undefined) {
      const known = [...checked.known.keys()].sort(compareBytes);
      top.problems.add(graphErrors.unknownTarget({ at, name: text, known }));
    } else {
      for (const instance of selectTargets(at, name, target, top.problems) ?? []) {
        if (name.output !== undefined && instance.outputs?.includes(name.output) === false) {
          const { base: target, output } = { ...name, output: name.output };
          top.problems.add(graphErrors.unknownOutput({ at, target, output, outputs: instance.outputs, text }));
        } else if (checked.targets.has(instance.name)) names.push(instance.name);
      }
    }
  }
  return [...new Set(names)];
}
