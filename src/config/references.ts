import { valueErrors } from '../diagnostics/values.js';
import { graphErrors } from '../diagnostics/graph.js';
import type { Location } from '../diagnostics/diagnostic.js';
import { isEncodable, isGlob, normalisePath } from './paths.js';
import type { Reference } from './pipeline.js';
import type { Problems } from './problems.js';
import type { Located } from './reading.js';
import { parseTargetName, selectInstances, type TargetName } from './target-name.js';

/** A target of the file as references see it, before its inputs are known. */
export interface KnownTarget {
  readonly base: string;
  readonly instances: readonly KnownInstance[];
}

interface KnownInstance {
  readonly name: string;
  readonly matrix: Readonly<Record<string, string>>;
  /** Names of the declared outputs; undefined where they could not be read. */
  readonly outputs: readonly string[] | undefined;
}

interface ResolvedReference {
  readonly references: readonly Reference[];
  /** Whether it stands for a list, whatever its length: a glob, a matrix's bare name. */
  readonly many: boolean;
}

/** What a reference means: a target if one has that name, else a glob if it looks like one, else a path. */
export function resolveReference(
  { text, at }: Located,
  targets: ReadonlyMap<string, KnownTarget>,
  root: string,
  problems: Problems,
): ResolvedReference | undefined {
  const name = parseTargetName(text);
  const target = name === undefined ? undefined : targets.get(name.base);
  if (name !== undefined && target !== undefined) return resolveTarget({ text, at }, name, target, problems);
  const space = /\{(vars|params|matrix|env)\.[A-Za-z_]/.exec(text);
  if (space !== null) {
    problems.add(valueErrors.missingDollar({ at, text }));
    return undefined;
  }
  if (text.includes('\0') || !isEncodable(text)) {
    const reason = text.includes('\0') ? 'it has a NUL character in it' : 'it has half a character in it';
    problems.add(graphErrors.badPath({ at, text, reason }));
    return undefined;
  }
  if (isGlob(text)) {
    const pattern = text.startsWith('./') ? text.replace(/^(\.\/+)+/, '') : text;
    return { references: [{ type: 'glob', pattern, at }], many: true };
  }
  return { references: [{ type: 'path', path: normalisePath(text, root), at }], many: false };
}

function resolveTarget(
  { text, at }: Located,
  name: TargetName,
  target: KnownTarget,
  problems: Problems,
): ResolvedReference | undefined {
  const instances = selectTargets(at, name, target, problems);
  if (instances === undefined) return undefined;
  const references: Reference[] = [];
  for (const instance of instances) {
    const { outputs } = instance;
    if (outputs === undefined) {
      problems.follow();
      return undefined;
    }
    const [first] = outputs;
    if (name.output === undefined && outputs.length > 1) {
      problems.add(graphErrors.severalOutputs({ at, base: name.base, outputs, suffix: suffixOf(name) }));
      return undefined;
    }
    const output = name.output ?? first;
    if (output === undefined || !outputs.includes(output)) {
      problems.add(graphErrors.unknownOutput({ at, target: name.base, output: name.output ?? '', outputs, text }));
      return undefined;
    }
    references.push({ type: 'output', target: instance.name, output, at });
  }
  const whole = Object.keys(target.instances[0]?.matrix ?? {}).length;
  return { references, many: name.selectors.length < whole };
}

function suffixOf({ selectors }: TargetName): string {
  return selectors.map(([key, value]) => `@${key}=${value}`).join('');
}

/** The instances that a name selects; reports selectors that fit none. */
export function selectTargets<T extends { readonly matrix: Readonly<Record<string, string>> }>(
  at: Location | undefined,
  { base, selectors }: TargetName,
  target: { readonly instances: readonly T[] },
  problems: Problems,
): readonly T[] | undefined {
  if (target.instances.length === 0) {
    problems.follow();
    return undefined;
  }
  const keys = Object.keys(target.instances[0]?.matrix ?? {});
  for (const [key, value] of selectors) {
    if (!keys.includes(key)) {
      problems.add(graphErrors.unknownMatrixKey({ ...(at === undefined ? {} : { at }), base, key, keys }));
      return undefined;
    }
    const values = [...new Set(target.instances.map(({ matrix }) => matrix[key] ?? ''))];
    if (!values.includes(value)) {
      problems.add(graphErrors.unknownInstance({ ...(at === undefined ? {} : { at }), base, key, value, values }));
      return undefined;
    }
  }
  return selectInstances(target.instances, selectors);
}
