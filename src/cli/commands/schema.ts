import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.js';
import { placeFlags } from '../flags.js';
import { withRules } from '../rules.js';
import { schemaText } from '../schema-text.js';

interface Flags {
  readonly directory?: string;
}

export const schemaCommand = buildCommand<Flags, [], CliContext>({
  docs: {
    brief: 'Print the JSON Schema of pipeline files',
    fullDescription:
      'With the params of all rules there are, own ones included:\n  vlmbuild schema > pipeline.schema.json',
  },
  parameters: { flags: { directory: placeFlags.directory }, aliases: { C: 'directory' } },
  async func(this: CliContext, flags: Flags) {
    await withRules(flags.directory, async (rules) => {
      this.process.stdout.write(await schemaText(rules));
    });
  },
});
