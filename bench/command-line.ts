import { parseArgs } from 'node:util';

/** What stood on the command line of a program. */
export interface CommandLine<Flag extends string> {
  readonly words: readonly string[];
  text(flag: Flag): string | undefined;
  /** From 0. Ends the process where something else was given. */
  number(flag: Flag, otherwise: number): number;
}

/**
 * Reads the command line of a program for developers, whose flags all have a value. For `--help`, and for what makes no sense
 * to it, prints how it is called and ends the process.
 *
 * @param usage without the program: `[WORD…] [--rounds N]`
 * @param words those that are allowed
 */
export function commandLine<Flag extends string>(
  usage: string,
  flags: readonly Flag[],
  words: readonly string[] = [],
): CommandLine<Flag> {
  const program = (process.argv[1] ?? '').replace(/^.*\/build\//, 'build/');
  const line = `usage: node ${program} ${usage}`;
  const refuse = (problem: string): never => {
    console.error(`${problem}\n${line}`);
    process.exit(2);
  };
  const args = process.argv.slice(2);
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    console.log(line);
    process.exit(0);
  }
  const { values, positionals } = parsed(args, flags, refuse);
  const unknown = positionals.find((word) => !words.includes(word));
  if (unknown !== undefined) refuse(`\`${unknown}\` means nothing here`);
  return {
    words: positionals,
    text: (flag) => values[flag],
    number: (flag, otherwise) => {
      const text = values[flag];
      const number = text === undefined ? otherwise : Number(text);
      if (text === '' || !(number >= 0)) refuse(`--${flag} takes a number, not \`${text ?? ''}\``);
      return number;
    },
  };
}

function parsed(
  args: string[],
  flags: readonly string[],
  refuse: (problem: string) => never,
): { readonly values: Readonly<Record<string, string | undefined>>; readonly positionals: readonly string[] } {
  try {
    const options = Object.fromEntries(flags.map((flag) => [flag, { type: 'string' } as const]));
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    return refuse((error as Error).message.split('. ')[0] ?? '');
  }
}
