import { existsSync, readFileSync } from 'node:fs';
import { buildCommand } from '@stricli/core';
import { cliErrors } from '../../diagnostics/cli.js';
import { UserFacingError } from '../../diagnostics/diagnostic.js';
import type { CliContext } from '../context.js';
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
        const paths = session.index.runs(10_000).map((run) => logPath(session.layout, run.id, target));
        const newest = paths.find((path) => existsSync(path));
        if (newest === undefined) throw new UserFacingError(cliErrors.noLog(target));
        this.process.stdout.write(readFileSync(newest, 'utf8'));
      }
    });
  },
});
