import { buildCommand } from '@stricli/core';
import { cliErrors } from '../../diagnostics/cli.js';
import { UserFacingError, type Diagnostic } from '../../diagnostics/diagnostic.js';
import type { LoadedRule } from '../../rule/description.js';
import { styleOf, type CliContext } from '../context.js';
import { flag, placeFlags } from '../flags.js';
import { withRules } from '../rules.js';

interface Flags {
  readonly directory?: string;
  readonly json?: boolean;
}

export const rulesCommand = buildCommand<Flags, [string?], CliContext>({
  docs: {
    brief: 'List the rules there are; document one',
    fullDescription:
      'Rules of the project (rules/GROUP/NAME.ts) come before built-in ones. With a name: roles, params and their defaults.',
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'a rule, as `sft/filter`', parse: String, placeholder: 'RULE', optional: true }],
    },
    flags: {
      json: flag('As JSON'),
      directory: placeFlags.directory,
    },
    aliases: { C: 'directory' },
  },
  async func(this: CliContext, flags: Flags, name?: string) {
    await withRules(flags.directory, async (rules) => {
      const { ruleList, ruleText } = await import('../../render/rules.js');
      const { didYouMean } = await import('../../base/did-you-mean.js');
      const names = name === undefined ? rules.names() : [name];
      const loaded: LoadedRule[] = [];
      const wrong: Diagnostic[] = [];
      for (const one of names) {
        try {
          const rule = await rules.find(one);
          if (rule === undefined) throw new UserFacingError(cliErrors.unknownRule(one, didYouMean(one, rules.names())));
          loaded.push(rule);
        } catch (error) {
          if (!(error instanceof UserFacingError) || name !== undefined) throw error;
          wrong.push(...error.diagnostics);
        }
      }
      const style = styleOf(this.process.stdout, this.process.env);
      const [first] = loaded;
      if (flags.json) this.process.stdout.write(`${JSON.stringify(name === undefined ? loaded : first, null, 2)}\n`);
      else if (name !== undefined && first !== undefined) this.process.stdout.write(`${ruleText(first, style)}\n`);
      else this.process.stdout.write(`${ruleList(loaded)}\n`);
      // One that is being written hides no other.
      if (wrong.length > 0) throw new UserFacingError(wrong);
    });
  },
});
