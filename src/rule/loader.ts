import type { JsonObject } from '../base/json.js';
import type { CacheLayout } from '../store/layout.js';
import type { CheckedParams, LoadedRule, RuleHosts, RuleSource } from './description.js';
import { ruleNames, type RulePlaces } from './find.js';

/**
 * Finds, bundles and describes rules, and remembers what came of it under `cache/rules/` by the content of every file
 * that it depends on: a build whose rules are unchanged starts neither esbuild nor a host.
 */
export class RuleLoader implements RuleSource {
  readonly #places: RulePlaces;

  constructor(options: RulePlaces & { readonly layout: Pick<CacheLayout, 'rules'>; readonly hosts: RuleHosts }) {
    this.#places = options;
  }

  async find(name: string): Promise<LoadedRule | undefined> {
    throw new Error(`not yet: ${name}`);
  }

  async check(rule: LoadedRule, params: JsonObject): Promise<CheckedParams> {
    throw new Error(`not yet: ${rule.name} ${Object.keys(params).join()}`);
  }

  names(): readonly string[] {
    return ruleNames(this.#places);
  }
}
