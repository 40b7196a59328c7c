import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildApplication, buildRouteMap, help, run, text_en, version } from '@stricli/core';
import { didYouMean } from '../base/did-you-mean.js';
import { optimizeAsUsual } from '../base/optimize-late.js';
import { cliErrors } from '../diagnostics/cli.js';
import { EXIT, UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { formatDiagnostic } from '../diagnostics/format.js';
import { packageRoot } from '../rule/package-root.js';
import { normalizeArguments, unknownSecondWord } from './arguments.js';
import { acceptCommand } from './commands/accept.js';
import { buildCommandRoute } from './commands/build.js';
import { cacheRoute } from './commands/cache.js';
import { cleanCommand } from './commands/clean.js';
import { explainCommand } from './commands/explain.js';
import { gcCommand } from './commands/gc.js';
import { graphCommand } from './commands/graph.js';
import { initCommand } from './commands/init.js';
import { lockCommand } from './commands/lock.js';
import { logCommand } from './commands/log.js';
import { restoreCommand } from './commands/restore.js';
import { rulesCommand } from './commands/rules.js';
import { runsRoute } from './commands/runs.js';
import { schemaCommand } from './commands/schema.js';
import { statusCommand } from './commands/status.js';
import { verifyCommand } from './commands/verify.js';
import { watchCommand } from './commands/watch.js';
import { COMMAND_NAMES, type CommandName } from './fast-words.js';
import { styleOf, type CliContext, type CliProcess } from './context.js';
import { crashText, tellOfCrashes } from './crash.js';
import { outliveReaders } from './outlive-readers.js';

const routes = {
  build: buildCommandRoute,
  watch: watchCommand,
  status: statusCommand,
  explain: explainCommand,
  graph: graphCommand,
  log: logCommand,
  runs: runsRoute,
  rules: rulesCommand,
  init: initCommand,
  lock: lockCommand,
  verify: verifyCommand,
  restore: restoreCommand,
  accept: acceptCommand,
  gc: gcCommand,
  cache: cacheRoute,
  clean: cleanCommand,
  schema: schemaCommand,
} satisfies Record<CommandName, unknown>;

const root = buildRouteMap<CommandName, CliContext>({
  routes,
  defaultCommand: 'build',
  docs: {
    brief: 'make for vision-language datasets',
    fullDescription: [
      'Builds the targets of pipeline.yaml and reruns only what is stale, down to one episode, session or block of rows.',
      '',
      '  vlmbuild                  build the default targets',
      '  vlmbuild dataset          build one target and what it needs',
      '  vlmbuild -n dataset       say what would run, and why',
      '  vlmbuild watch dataset    build it, and again whenever something changes',
      '  vlmbuild status           a line a target',
      '  vlmbuild explain dataset  why it is stale or fresh, component by component',
      '  vlmbuild init             start a project here',
      '',
      'A word that is no command is a target. Exit codes: 0 done, 1 a target failed or an input is not there, 2 the',
      'pipeline, a rule or the command line is wrong, 3 --locked or verify found a difference, 130 interrupted.',
    ].join('\n'),
  },
});

function packageVersion(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** A word that is no command was taken for a target: where it is nearly a command, say so. */
function withCommandHint(diagnostic: Diagnostic, argv: readonly string[]): Diagnostic {
  if (diagnostic.code !== 'VB160' || diagnostic.next !== undefined) return diagnostic;
  const word = argv.find((argument) => diagnostic.headline.includes(`\`${argument}\``));
  if (word === 'help') return { ...diagnostic, next: 'see what there is with `vlmbuild --help`' };
  const likely = word === undefined ? undefined : didYouMean(word, COMMAND_NAMES);
  return likely === undefined
    ? diagnostic
    : { ...diagnostic, next: `did you mean the command \`vlmbuild ${likely}\`?` };
}

/** Runs the command line and sets the exit code; nothing a user does wrong leaves it as an exception. */
export function main(argv: readonly string[], world: CliProcess = process): Promise<void> {
  outliveReaders();
  return tellOfCrashes(() => runCommandLine(argv, world));
}

async function runCommandLine(argv: readonly string[], world: CliProcess): Promise<void> {
  const color = styleOf(world.stderr, world.env) === 'color';
  const describe = (problem: unknown): string => {
    if (!(problem instanceof UserFacingError)) return crashText(problem, { color });
    return problem.diagnostics
      .map((diagnostic) => formatDiagnostic(withCommandHint(diagnostic, argv), { color }))
      .join('\n\n');
  };
  const application = buildApplication(
    root,
    {
      name: 'vlmbuild',
      scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
      documentation: { useAliasInUsageLine: true, disableAnsiColor: !color },
      determineExitCode: (problem) => (problem instanceof UserFacingError ? problem.exitCode : EXIT.failed),
      localization: {
        text: {
          ...text_en,
          exceptionWhileParsingArguments: (problem) =>
            formatDiagnostic(cliErrors.arguments(problem instanceof Error ? problem.message : String(problem)), {
              color,
            }),
          exceptionWhileRunningCommand: describe,
          exceptionWhileLoadingCommandFunction: describe,
          commandErrorResult: describe,
        },
      },
    },
    {
      help: help({
        brief: 'Print help information and exit',
        formatting: {
          useAliasInUsageLine: true,
          onlyRequiredInUsageLine: false,
          caseStyle: 'convert-camel-to-kebab',
        },
      }),
      // `-v` is for verbose, as in make's relatives.
      version: version({
        brief: 'Print version information and exit',
        alias: false,
        info: { currentVersion: packageVersion() },
      }),
    },
  );
  const words = normalizeArguments(argv, COMMAND_NAMES);
  const mistake = unknownSecondWord(words);
  if (mistake !== undefined) {
    world.stderr.write(`${formatDiagnostic(mistake, { color })}\n`);
    world.exitCode = EXIT.wrong;
    return;
  }
  await run(application, words, { process: world });
  optimizeAsUsual();
  // The parser has negative codes of its own for a command line that it cannot read.
  if (typeof world.exitCode === 'number' && world.exitCode < 0) world.exitCode = EXIT.wrong;
}
