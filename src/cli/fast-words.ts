/** Words that are commands of their own. A target of such a name is built with `build NAME`. */
const COMMANDS = [
  'accept',
  'build',
  'cache',
  'clean',
  'explain',
  'gc',
  'graph',
  'init',
  'lock',
  'log',
  'restore',
  'rules',
  'runs',
  'schema',
  'status',
  'verify',
  'watch',
] as const;

/** The command line's routes are checked against this by their type, so that the two cannot part. */
export type CommandName = (typeof COMMANDS)[number];

export const COMMAND_NAMES: ReadonlySet<string> = new Set(COMMANDS);

/** A plain build: one whose outcome, where everything is fresh, the snapshot can tell. */
export interface PlainBuild {
  readonly directory: string;
  readonly file: string;
  readonly quiet: boolean;
  readonly keepGoing: boolean;
  /** `-j`; undefined where it was not given. */
  readonly jobs: number | undefined;
  readonly words: readonly string[];
}

/**
 * Reads the command line of a plain build. Undefined for anything else, mistakes included: those are for the real parser.
 */
export function plainBuild(argv: readonly string[]): PlainBuild | undefined {
  let [directory, file, quiet, keepGoing] = ['.', 'pipeline.yaml', false, false];
  let jobs: number | undefined;
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (!word.startsWith('-')) {
      words.push(word);
      continue;
    }
    if (word === '-q' || word === '--quiet') quiet = true;
    else if (word === '-k' || word === '--keep-going') keepGoing = true;
    else {
      const [, name, glued] = /^(-[jfC]|--(?:jobs|file|directory)(?==|$))=?(.*)$/.exec(word) ?? [];
      const value = glued === '' ? argv[++i] : glued;
      if (value === undefined || value === '' || value.startsWith('-')) return undefined;
      if (name === '-f' || name === '--file') file = value;
      else if (name === '-C' || name === '--directory') directory = value;
      else if (/^[1-9]\d{0,5}$/.test(value)) jobs = Number(value);
      else return undefined;
    }
  }
  const [first] = words;
  if (first === 'build') words.shift();
  else if (first !== undefined && COMMAND_NAMES.has(first)) return undefined;
  return words.includes('') ? undefined : { directory, file, quiet, keepGoing, jobs, words };
}
