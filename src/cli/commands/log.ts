import { existsSync, readFileSync } from 'node:fs';
import { buildCommand } from '@stricli/core';
import { parseTargetName } from '../../config/target-name.js';
import { cliErrors } from '../../diagnostics/cli.js';
import { EXIT, UserFacingError } from '../../diagnostics/diagnostic.js';
import { formatDiagnostic } from '../../diagnostics/format.js';
import type { Session } from '../../execute/session.js';
import { logPath } from '../../store/layout.js';
import { styleOf, type CliContext, type CliProcess } from '../context.js';
import { enterProject, projectAliases, projectFlags, type ProjectFlags } from '../flags.js';
import { withRemembered, withSession } from '../project.js';

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
    const { process: world } = this;
    const file = enterProject(flags);
    try {
      await withSession({ file, set: flags.set ?? [] }, world.env, 'reading', async (session) => {
        const { resolveWords } = await import('../../plan/graph.js');
        for (const target of resolveWords(session.graph, [word]))
          if (!show(session, target, world)) throw new UserFacingError(cliErrors.noLog(target));
      });
    } catch (error) {
      // A pipeline that is wrong, or no longer has the target, hides no log of one that is named in full.
      if (!(error instanceof UserFacingError) || error.exitCode !== EXIT.wrong) throw error;
      if (parseTargetName(word) === undefined) throw error;
      const isShown = await withRemembered({ file }, world.env, (remembered) => show(remembered, word, world));
      if (!isShown) throw error;
    }
  },
});

/** False where the target has none. */
function show({ index, layout }: Pick<Session, 'index' | 'layout'>, target: string, world: CliProcess): boolean {
  const made = index.lastSuccess(target)?.run;
  const runs = index.runs(10_000).map(({ id }) => ({ id, log: logPath(layout, id, target) }));
  const last = runs.find(({ id, log }) => id === made || existsSync(log));
  if (last === undefined) return false;
  if (existsSync(last.log)) world.stdout.write(readFileSync(last.log, 'utf8'));
  else {
    const color = styleOf(world.stderr, world.env) === 'color';
    world.stderr.write(`${formatDiagnostic(cliErrors.printedNothing(target), { color })}\n`);
  }
  return true;
}
