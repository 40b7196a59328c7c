import type { LoadedRule } from '../rule/description.js';
import type { RuleLoader } from '../rule/loader.js';

/** The JSON Schema of pipeline files with all rules there are, as `pipeline.schema.json` has it. */
export async function schemaText(rules: RuleLoader): Promise<string> {
  const { pipelineSchema } = await import('../config/schema.js');
  const loaded: LoadedRule[] = [];
  for (const name of rules.names()) {
    const rule = await rules.find(name);
    if (rule !== undefined) loaded.push(rule);
  }
  return `${JSON.stringify(pipelineSchema(loaded), null, 2)}\n`;
}
