import type { Diagnostic } from './diagnostic.js';
import { meant, nameList } from './names.js';

/** Mistakes on the command line itself. */
export const cliErrors = {
  /** There is no pipeline file where one is looked for. */
  noPipeline: (path: string): Diagnostic => ({
    code: 'VB601',
    headline: `there is no \`${path}\``,
    next: 'run `vlmbuild init` to start a project here, or name the file with `-f FILE` or its folder with `-C DIR`',
  }),
  /** `-C` names something that is not a folder. */
  noDirectory: (path: string): Diagnostic => ({
    code: 'VB602',
    headline: `\`${path}\` is not a folder`,
    next: 'give `-C` the folder that holds the pipeline file',
  }),
  /** `init` would overwrite a file. */
  alreadyThere: (path: string): Diagnostic => ({
    code: 'VB603',
    headline: `\`${path}\` is there already`,
    next: 'nothing was written; move it away, or start the project in another folder',
  }),
  /** `log` of a target that has none. */
  noLog: (target: string): Diagnostic => ({
    code: 'VB604',
    headline: `\`${target}\` has no log yet`,
    next: `build it first: \`vlmbuild ${target}\``,
  }),
  /** `lock` while something is not built. */
  notFresh: (targets: readonly (readonly [target: string, state: string])[]): Diagnostic => ({
    code: 'VB605',
    headline: 'the lock would not tell the truth: not every target is fresh',
    facts: targets,
    next: 'build first (`vlmbuild`), or see why with `vlmbuild explain TARGET`',
  }),
  /** `rules NAME` names no rule. */
  unknownRule: (name: string, likely: string | undefined): Diagnostic => ({
    code: 'VB606',
    headline: `there is no rule \`${name}\``,
    next: likely === undefined ? 'see all with `vlmbuild rules`' : `did you mean \`${likely}\`?`,
  }),
  /** `clean` of a target's output that was edited by hand. */
  editedOutput: (path: string): Diagnostic => ({
    code: 'VB607',
    headline: `\`${path}\` was edited since it was built and stays`,
    next: 'remove it by hand if you do not want it, or build its target: the edited file is then kept aside',
  }),
  /** A flag or an argument that the command does not know or cannot read. */
  arguments: (message: string): Diagnostic => ({
    code: 'VB608',
    headline: message.charAt(0).toLowerCase() + message.slice(1),
    next: 'see the flags with `--help`',
  }),
  /** `cache` or `runs` with a second word that it does not know. */
  unknownSecondWord: ({
    first,
    second,
    known,
  }: {
    first: string;
    second: string;
    known: readonly string[];
  }): Diagnostic => ({
    code: 'VB614',
    headline: `\`vlmbuild ${first}\` has no \`${second}\``,
    facts: [['it has', nameList(known)]],
    ...meant(second, known),
  }),
  /** `--trace` names a file that is not a trace. */
  noTrace: (path: string): Diagnostic => ({
    code: 'VB609',
    headline: `\`${path}\` is there and is no trace: it stays as it is`,
    next: 'name another file; a trace of an earlier build is replaced',
  }),
  /** `--trace` names a file that cannot be written. */
  traceUnwritable: ({ path, message }: { path: string; message: string }): Diagnostic => ({
    code: 'VB610',
    headline: `the trace cannot be written to \`${path}\``,
    facts: [['system', message]],
    next: 'name a file in a folder that is there and can be written to',
  }),
  /** `--trace` of a plan: nothing is built. */
  traceOfPlan: (): Diagnostic => ({
    code: 'VB611',
    headline: '`--trace` does not go with `-n`: nothing is built',
    next: 'leave one of the two out',
  }),
  /** What is printed goes to a file that cannot take it, mostly for want of room. */
  outputLost: (message: string): Diagnostic => ({
    code: 'VB612',
    headline: 'what is printed cannot be written where standard output goes: some of it is lost',
    facts: [['system', message]],
    next: 'make room or name another file, and run it again: what was built stays',
  }),
  /** `log` of a target that printed nothing when it was made. Nothing is wrong. */
  printedNothing: (target: string): Diagnostic => ({
    code: 'VB613',
    headline: `\`${target}\` printed nothing when it was last built`,
    next: `watch it run again: \`vlmbuild -B -v ${target}\``,
  }),
  /** `init` cannot write a file of the new project. */
  notWritten: ({ path, problem }: { path: string; problem: string }): Diagnostic => ({
    code: 'VB615',
    headline: `\`${path}\` cannot be written: ${problem}`,
    next: 'start the project in a folder that can be written to: `vlmbuild init -C DIR`',
  }),
} as const;
