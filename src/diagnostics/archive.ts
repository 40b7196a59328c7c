import type { Diagnostic } from './diagnostic.js';
import { meant, nameList } from './names.js';

/** What the commands that look back can find wrong: `verify`, `restore`, `accept`, `gc`, `cache`, `runs diff`. */
export const archiveErrors = {
  /** `verify` where there is no lock. */
  nothingToVerify: ({ path }: { path: string }): Diagnostic => ({
    code: 'VB431',
    headline: `there is no \`${path}\` to verify against`,
    next: 'build once, and commit the lock; or take it back from version control',
  }),
  /** `verify TARGET` of a target that the lock does not name. */
  notInLock: ({ targets, path }: { targets: readonly string[]; path: string }): Diagnostic => ({
    code: 'VB432',
    headline: `\`${path}\` does not name ${targets.map((target) => `\`${target}\``).join(', ')}`,
    next: `build it (\`vlmbuild ${targets.join(' ')}\`): what is built enters the lock`,
  }),
  /** A run that is not recorded. */
  noRun: ({ word, likely }: { word: string; likely: string | undefined }): Diagnostic => ({
    code: 'VB433',
    headline: `there is no run \`${word}\``,
    next:
      likely === undefined
        ? 'see the runs with `vlmbuild runs`; `last` means the newest'
        : `did you mean \`${likely}\`? See all with \`vlmbuild runs\``,
  }),
  /** The beginning of a run's id that several have. */
  severalRuns: ({ word, runs }: { word: string; runs: readonly string[] }): Diagnostic => ({
    code: 'VB434',
    headline: `\`${word}\` is the beginning of ${runs.length} runs`,
    facts: [['runs', runs.slice(0, 5).join('\n') + (runs.length > 5 ? `\nand ${runs.length - 5} more` : '')]],
    next: 'give more of the id',
  }),
  /** A run that ended before it recorded what its targets had, or whose record is gone from the store. */
  nothingRecorded: ({ run, outcome }: { run: string; outcome: string }): Diagnostic => ({
    code: 'VB435',
    headline: `run \`${run}\` has no record of its results`,
    facts: [['outcome', outcome]],
    next: 'take another one: `vlmbuild runs` lists them',
  }),
  /** `restore` without saying where to, or with both. */
  restoreWhere: (): Diagnostic => ({
    code: 'VB436',
    headline: 'say where to restore: `--to DIR` or `--in-place`',
    next: '`--to DIR` writes beside the tree and touches nothing that is there; `--in-place` replaces outputs',
  }),
  /** `restore --to` would overwrite files. */
  inTheWay: ({ paths }: { paths: readonly string[] }): Diagnostic => ({
    code: 'VB437',
    headline: `${paths.length === 1 ? 'a file is' : `${paths.length} files are`} in the way; nothing was written`,
    facts: [['there', paths.slice(0, 5).join('\n') + (paths.length > 5 ? `\nand ${paths.length - 5} more` : '')]],
    next: 'name a folder that is empty or not there yet',
  }),
  /** Recorded outputs whose bytes neither the store nor the tree has. */
  bytesGone: ({ outputs }: { outputs: readonly (readonly [output: string, digest: string])[] }): Diagnostic => ({
    code: 'VB438',
    headline: `the bytes of ${outputs.length === 1 ? 'an output' : `${outputs.length} outputs`} are nowhere; nothing was written`,
    facts: outputs.slice(0, 10),
    next: 'name the targets that you want without these; or go back to the sources of that time and build',
  }),
  /** `restore --in-place` of outputs that the pipeline file does not have, or has as another kind. */
  notDeclared: ({ outputs }: { outputs: readonly (readonly [target: string, path: string])[] }): Diagnostic => ({
    code: 'VB439',
    headline: 'the pipeline file no longer has these outputs; nothing was written',
    facts: outputs.slice(0, 10),
    next: 'write them beside the tree with `--to DIR`, or name the targets that you want',
  }),
  /** `restore RUN TARGET` of a target that the run did not have. */
  notInRun: ({ word, run, had }: { word: string; run: string; had: readonly string[] }): Diagnostic => ({
    code: 'VB440',
    headline: `run \`${run}\` had no result of \`${word}\``,
    facts: [['it had', nameList(had)]],
    ...meant(word, had, 'name one that it had, or none for all of them'),
  }),
  /** Ctrl-C while outputs were replaced. Each is whole: as it was, or as it was recorded. */
  restoreInterrupted: ({ done, total }: { done: number; total: number }): Diagnostic => ({
    code: 'VB441',
    headline: `interrupted: ${done} of ${total} targets were restored`,
    next: 'restore again, or build, which brings back what the pipeline file says',
  }),
  /** `accept` of a target whose key is unknown, because something that it needs is not up to date. */
  acceptWaits: ({ target, needs }: { target: string; needs: readonly string[] }): Diagnostic => ({
    code: 'VB442',
    headline: `\`${target}\` cannot be accepted before what it needs is up to date`,
    facts: [['needs', needs.join(', ')]],
    next: `build or accept that first: \`vlmbuild ${needs.join(' ')}\``,
  }),
  /** `accept` where an output is not there, or is not of its kind. */
  acceptAbsent: ({ target, path, problem }: { target: string; path: string; problem: string }): Diagnostic => ({
    code: 'VB443',
    headline: `output \`${path}\` of \`${target}\` ${problem}: nothing was accepted`,
    next: `bring it back, or build it: \`vlmbuild ${target}\``,
  }),
  /** `accept` without a reason that says anything. */
  acceptReason: (): Diagnostic => ({
    code: 'VB444',
    headline: 'say why the outputs are right as they are: `--reason TEXT`, on one line',
    next: 'the lock shows it to whoever reads it next',
  }),
  /** `verify --inputs` without a target. */
  observeWhat: (): Diagnostic => ({
    code: 'VB446',
    headline: '`verify --inputs` runs what it observes: say which target',
    next: 'name it: `vlmbuild verify --inputs TARGET`',
  }),
  /** `verify --inputs` where processes cannot be observed. */
  cannotObserve: ({ why }: { why: string }): Diagnostic => ({
    code: 'VB447',
    headline: `nothing can be observed here: ${why}`,
    next: 'install strace on a Linux machine that allows ptrace (in a container: `--cap-add SYS_PTRACE`), and run it there',
  }),
  /** `verify` with two ways to go about it. */
  verifyEither: (): Diagnostic => ({
    code: 'VB448',
    headline: '`--inputs` does not go with `--rebuild`',
    next: 'run `verify` once with each',
  }),
  /** The daily collection after a build dropped results that nothing needs. Nothing is wrong. */
  collected: ({ what, sizes }: { what: string; sizes: string }): Diagnostic => ({
    code: 'VB445',
    headline: `the store was brought within its bounds: dropped ${what} that nothing needs`,
    facts: [['store', sizes]],
    next: 'nothing; `vlmbuild cache` shows what is kept, and `VLMBUILD_GC=off` leaves it to `vlmbuild gc`',
  }),
  /**
   * `gc` while the index knows no result: it was deleted, or damaged and made anew. What the store has could not be told.
   */
  nothingKnown: ({ problem }: { problem: string | undefined }): Diagnostic => ({
    code: 'VB449',
    headline: 'the index knows no result, so nothing tells what of the store is needed: nothing was dropped',
    ...(problem === undefined ? {} : { facts: [['problem', problem]] }),
    next: 'build first: what is on disk is recorded again',
  }),
} as const;
