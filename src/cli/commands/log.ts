import { existsSync, readFileSync } from 'node:fs';
import { buildCommand } from '@stricli/core';
import { cliErrors } from '../../diagnostics/cli.js';
import { UserFacingError } from '../../diagnostics/diagnostic.js';
import { formatDiagnostic } from '../../diagnostics/format.js';
import { styleOf, type CliContext } from '../context.js';
import { projectAliases, projectFlags, type ProjectFlags } from '../flags.js';
import { withSession } from '../project.js';

export const logCommand = buildCommand<ProjectFlags, [string], CliContext>({
  docs: {
    brief: "Print a target's last output",
    fullDescription: 'What the rule or command printed when it last ran, successfully or not.',
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'name or name@key=value', parse: String, placeholder: 'TARGET' }],
    },
    flags: projectFlags,
    aliases: projectAliases,
  },
  async func(this: CliContext, flags: ProjectFlags, word: string) {
    await withSession(flags, this.process.env, 'reading', async (session) => {
      const { resolveWords } = await import('../../plan/graph.js');
      const { logPath } = await import('../../store/layout.js');
      for (const target of resolveWords(session.graph, [word])) {
        const made = session.index.lastSuccess(target)?.run;
        const runs = session.index.runs(10_000).map(({ id }) => ({ id, log: logPath(session.layout, id, target) }));
        const last = runs.find(({ id, log }) => id === made || existsSync(log));
        if (last === undefined) throw new UserFacingError(cliErrors.noLog(target));
        if (existsSync(last.log)) this.process.stdout.write(readFileSync(last.log, 'utf8'));
        else {
          const color = styleOf(this.process.stderr, this.process.env) === 'color';
          this.process.stderr.write(`${formatDiagnostic(cliErrors.printedNothing(target), { color })}\n`);
        }
      }
    });
  },
});
