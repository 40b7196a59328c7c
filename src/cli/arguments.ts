import { cliErrors } from '../diagnostics/cli.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';

/** Flags that take a value; the short ones may have it right behind them as in make: `-j4`, `-Cdir`. */
const VALUED = new Set([
  '-j',
  '-f',
  '-C',
  '--jobs',
  '--file',
  '--directory',
  '--set',
  '--to',
  '--reason',
  '--max-size',
  '--max-age',
  '--keep-runs',
  '--limit',
  '--format',
  '--trace',
]);

/** Commands of two words. */
const SECOND_WORDS: Readonly<Record<string, readonly string[]>> = {
  cache: ['stats', 'verify'],
  runs: ['list', 'diff'],
};

/**
 * Brings the forms that make and git have taught people into the one form that the parser knows: `-j4` becomes `-j 4`,
 * and a command may stand behind flags, as in `-C dir status`. What stands behind `--` stays.
 */
export function normalizeArguments(argv: readonly string[], commands: ReadonlySet<string>): string[] {
  return commandFirst(splitShortFlags(argv), commands);
}

/** The mistake in a command of two words whose second is none. */
export function unknownSecondWord([first = '', second]: readonly string[]): Diagnostic | undefined {
  const known = SECOND_WORDS[first];
  if (known === undefined || second === undefined || second.startsWith('-') || known.includes(second)) return undefined;
  return cliErrors.unknownSecondWord({ first, second, known });
}

function splitShortFlags(argv: readonly string[]): string[] {
  const out: string[] = [];
  for (const [i, word] of argv.entries()) {
    if (word === '--') return [...out, ...argv.slice(i)];
    const glued = word.length > 2 && !word.startsWith('--') && VALUED.has(word.slice(0, 2));
    if (glued) out.push(word.slice(0, 2), word.slice(word[2] === '=' ? 3 : 2));
    else out.push(word);
  }
  return out;
}

/** The first word that is neither a flag nor a flag's value decides: a command is brought to the front. */
function commandFirst(argv: string[], commands: ReadonlySet<string>): string[] {
  let i = 0;
  while (i < argv.length && argv[i]?.startsWith('-') === true && argv[i] !== '--')
    i += VALUED.has(argv[i] ?? '') ? 2 : 1;
  const word = argv[i];
  if (word === undefined || !commands.has(word)) return argv;
  const rest = argv.slice(i + 1);
  // `-C dir cache verify`: the second word of the command goes with the first.
  const second = rest[0] !== undefined && SECOND_WORDS[word]?.includes(rest[0]) === true ? rest.splice(0, 1) : [];
  return [word, ...second, ...argv.slice(0, i), ...rest];
}
