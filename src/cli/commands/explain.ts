import { buildCommand } from '@stricli/core';
import { styleOf, type CliContext } from '../context.js';
import { flag, projectAliases, projectFlags, type ProjectFlags } from '../flags.js';
import { withSession } from '../project.js';

interface Flags extends ProjectFlags {
  readonly json?: boolean;
}

export const explainCommand = buildCommand<Flags, [string, ...string[]], CliContext>({
  docs: {
    brief: 'Why a target is stale or fresh, component by component',
    fullDescription:
      'Shows everything that the key of a target is made of, and what differs since it was last built. Runs nothing.',
  },
  parameters: {
    positional: {
      kind: 'array',
      minimum: 1,
      parameter: { brief: 'name or name@key=value', parse: String, placeholder: 'TARGET' },
    },
    flags: {
      json: flag('As JSON'),
      ...projectFlags,
    },
    aliases: projectAliases,
  },
  async func(this: CliContext, flags: Flags, ...words: string[]) {
    await withSession(flags, this.process.env, 'reading', async (session) => {
      const { plan } = await import('../../execute/build.js');
      const { explain } = await import('../../plan/explanation.js');
      const { resolveWords } = await import('../../plan/graph.js');
      const { explainText } = await import('../../render/explain.js');
      const context = session.planContext();
      const names = resolveWords(session.graph, words);
      const decisions = await plan(session, { targets: names });
      const style = styleOf(this.process.stdout, this.process.env);
      const texts: string[] = [];
      for (const name of names) {
        const explanation = await explain(name, context, decisions);
        texts.push(flags.json ? JSON.stringify({ v: 1, ...explanation }) : explainText(explanation, style));
      }
      this.process.stdout.write(`${texts.join(flags.json ? '\n' : '\n\n')}\n`);
    });
  },
});
