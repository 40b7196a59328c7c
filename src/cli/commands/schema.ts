import { buildCommand } from '@stricli/core';
import type { LoadedRule } from '../../rule/description.js';
import type { CliContext } from '../context.js';
import { projectFlags } from '../flags.js';
import { withRules } from '../rules.js';

interface Flags {
  readonly directory?: string;
}

export const schemaCommand = buildCommand<Flags, [], CliContext>({
  docs: {
    brief: 'Print the JSON Schema of pipeline files',
    fullDescription:
      'With the params of all rules there are, own ones included:\n  vlmbuild schema > pipeline.schema.json',
  },
  parameters: { flags: { directory: projectFlags.directory }, aliases: { C: 'directory' } },
  async func(this: CliContext, flags: Flags) {
    await withRules(flags.directory, async (rules) => {
      const { pipelineSchema } = await import('../../config/schema.js');
      const loaded: LoadedRule[] = [];
      for (const name of rules.names()) {
        const rule = await rules.find(name);
        if (rule !== undefined) loaded.push(rule);
      }
      this.process.stdout.write(`${JSON.stringify(pipelineSchema(loaded), null, 2)}\n`);
    });
  },
});
