import { resolve } from 'node:path';
import type { JsonObject } from '../base/json.js';
import { UserFacingError, type Diagnostic, type Location } from '../diagnostics/diagnostic.js';
import { ruleErrors } from '../diagnostics/rule.js';
import type { CacheLayout } from '../store/layout.js';
import { bundleRule, type Bundle } from './bundle.js';
import { CheckedAnswers } from './checked.js';
import type {
  CheckedParams,
  DescribedRule,
  LoadedRule,
  RuleDescription,
  RuleHosts,
  RuleProblem,
  RuleSource,
} from './description.js';
import { findRule, ruleNames, type FoundRule, type RulePlaces } from './find.js';
import { packageVersion } from './package-root.js';
import { PackagedRules } from './packaged.js';
import { findPackage } from './packages.js';
import { bundlePath, RememberedRules, replaceFile } from './remembered.js';
import { definitionLocation, locationIn } from './source-location.js';

/**
 * Finds, bundles and describes rules, and remembers what came of it under `cache/rules/` by the content of every file
 * that it depends on: a build whose rules are unchanged starts neither esbuild nor a host.
 *
 * A loader looks at each file once: make a new one to see changes.
 */
export class RuleLoader implements RuleSource {
  readonly #places: RulePlaces;
  readonly #folder: string;
  readonly #hosts: RuleHosts;
  readonly #remembered: RememberedRules;
  readonly #packaged: PackagedRules;
  readonly #by: string;
  readonly #found = new Map<string, Promise<LoadedRule | undefined>>();
  readonly #answers = new Map<string, CheckedAnswers>();
  /** By bundle: what packaged rules say where they are given no params. */
  readonly #withoutParams = new Map<string, CheckedParams>();

  constructor(options: RulePlaces & { readonly layout: Pick<CacheLayout, 'rules'>; readonly hosts: RuleHosts }) {
    this.#places = { root: options.root, packageRoot: options.packageRoot };
    this.#folder = options.layout.rules;
    this.#hosts = options.hosts;
    this.#by = checkedBy(options.packageRoot);
    this.#remembered = new RememberedRules(this.#folder, this.#by);
    this.#packaged = new PackagedRules(options.packageRoot, this.#by);
  }

  find(name: string): Promise<LoadedRule | undefined> {
    let found = this.#found.get(name);
    if (found === undefined) {
      found = this.#load(name);
      this.#found.set(name, found);
    }
    return found;
  }

  async check(rule: LoadedRule, params: JsonObject): Promise<CheckedParams> {
    let answers = this.#answers.get(rule.bundle);
    if (answers === undefined) {
      answers = new CheckedAnswers(`${rule.bundle}.checked`, this.#by);
      this.#answers.set(rule.bundle, answers);
    }
    const known = answers.get(params);
    if (known !== undefined) return known;
    const packaged = Object.keys(params).length === 0 ? this.#withoutParams.get(rule.bundle) : undefined;
    try {
      const answer = packaged ?? (await this.#hosts.check(rule.bundle, rule.path, params));
      answers.put(params, answer);
      return answer;
    } catch (error) {
      const problem = problemOf(error);
      const [message, stack] =
        problem.type === 'threw'
          ? [problem.message, problem.stack]
          : [`that did not end within ${problem.seconds} s`, ''];
      throw new UserFacingError(ruleErrors.checkFailed(rule.name, definitionLocation(rule.path), message, stack));
    }
  }

  names(): readonly string[] {
    return ruleNames(this.#places);
  }

  async #load(name: string): Promise<LoadedRule | undefined> {
    const found = findRule(name, this.#places);
    if (found === undefined) return undefined;
    const remembered = this.#remembered.get(name, found.path);
    if (remembered !== undefined) return remembered;

    const packaged = this.#packaged.get(found);
    const { program, absent, read, description, code, modules, closure } = packaged ?? (await this.#bundle(found));
    const bundle = bundlePath(this.#folder, program);
    replaceFile(bundle, program);
    if (packaged !== undefined) this.#withoutParams.set(bundle, packaged.withoutParams);
    const rule: LoadedRule = {
      ...description,
      code,
      modules,
      closure,
      name,
      path: found.path,
      bundle,
      shadows: [...found.shadows, ...absent],
    };
    this.#remembered.put(rule, read);
    return rule;
  }

  async #bundle(found: FoundRule): Promise<Bundle & { readonly description: RuleDescription }> {
    const bundled = await bundleRule(found);
    const bundle = bundlePath(this.#folder, bundled.program);
    replaceFile(bundle, bundled.program);
    const described = await this.#hosts.describe(bundle, found.path).catch((error: unknown): DescribedRule => {
      return { ok: false, problem: problemOf(error) };
    });
    if (!described.ok) throw new UserFacingError(diagnosticOf(found, described.problem, this.#places.root));
    return { ...bundled, description: described.description };
  }
}

/** Who says what a rule is, and what its params are: the versions that decide it. */
export function checkedBy(packageRoot: string): string {
  const zod = findPackage('zod', packageRoot)?.version ?? '';
  return `vlmbuild ${packageVersion()}, zod ${zod}`;
}

function diagnosticOf({ name, path }: FoundRule, problem: RuleProblem, root: string): Diagnostic {
  switch (problem.type) {
    case 'no-default-export':
      return ruleErrors.noDefaultExport(name, locationIn(path, 1, 1), problem.exports);
    case 'not-a-rule':
      return ruleErrors.notARule(name, definitionLocation(path), problem.found);
    case 'malformed':
      return ruleErrors.malformed(
        name,
        definitionLocation(path, problem.what.split('.')[0]),
        problem.what,
        problem.message,
      );
    case 'params-not-strict':
      return ruleErrors.paramsNotStrict(name, definitionLocation(path, lastName(problem.path)), problem.path);
    case 'params-not-json':
      return ruleErrors.paramsNotJson(
        name,
        definitionLocation(path, lastName(problem.path)),
        problem.path,
        problem.found,
      );
    case 'endless':
      return ruleErrors.loadsForever(name, locationIn(path, 1, 1), problem.seconds);
    case 'threw':
      return ruleErrors.threwOnLoad(
        name,
        locationInStack(problem.stack, root) ?? locationIn(path, 1, 1),
        problem.message,
        problem.stack,
      );
  }
}

/** `policy.kind` → `kind`; the params themselves → `params`. */
function lastName(path: string): string {
  return (
    path
      .split('.')
      .filter((name) => /^\w/.test(name))
      .at(-1) ?? 'params'
  );
}

/** The first place in a mapped stack, whose paths are relative to the project root. */
function locationInStack(stack: string, root: string): Location | undefined {
  const [, file, line, column] = /^\s+at (?:.*\()?([^()\n]+):(\d+):(\d+)\)?$/m.exec(stack) ?? [];
  return file === undefined ? undefined : locationIn(resolve(root, file), Number(line), Number(column));
}

/** What a host says of rule code that threw, or took the host down with it. Rethrows what is no fault of the code's. */
function problemOf(error: unknown): Extract<RuleProblem, { type: 'threw' | 'endless' }> {
  const { failure } = error as { failure?: Failure };
  switch (failure?.type) {
    case 'threw':
    case 'user-error':
      return { type: 'threw', message: failure.message ?? failure.type, stack: failure.stack ?? '' };
    case 'host-lost':
      return {
        type: 'threw',
        message: `its process ended${failure.signal == null ? '' : ` (${failure.signal})`}`,
        stack: '',
      };
    case 'timeout':
      return { type: 'endless', seconds: failure.seconds ?? 0 };
    default:
      throw error;
  }
}

interface Failure {
  readonly type: string;
  readonly message?: string;
  readonly stack?: string;
  readonly signal?: string;
  readonly seconds?: number;
}
