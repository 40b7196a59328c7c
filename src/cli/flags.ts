import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { statIfThere } from '../base/stat-if-there.js';
import { cliErrors } from '../diagnostics/cli.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';

/** Where the project is: every command has these. */
export interface PlaceFlags {
  readonly file?: string;
  readonly directory?: string;
}

/** And with which values: for commands that do not speak of the pipeline file as it stands. */
export interface ProjectFlags extends PlaceFlags {
  readonly set?: readonly string[];
}

export const PIPELINE_FILE = 'pipeline.yaml';

/** One that is there or not. */
export const flag = (brief: string) => ({ kind: 'boolean', optional: true, withNegated: false, brief }) as const;

/** One with a value. */
export const valued = <T>(placeholder: string, parse: (text: string) => T, brief: string) =>
  ({ kind: 'parsed', parse, optional: true, brief, placeholder }) as const;

export const placeFlags = {
  file: valued('FILE', String, `Pipeline file (default ${PIPELINE_FILE})`),
  directory: valued('DIR', String, 'Go to this folder first'),
} as const;

export const projectFlags = {
  ...placeFlags,
  set: { ...valued('K=V', String, 'Override a var for this run: --set vars.seeds=0..19'), variadic: true },
} as const;

export const projectAliases = { f: 'file', C: 'directory' } as const;

export const jobsFlag = valued('N', countFor('-j'), 'How many parts, rules and commands at once');

/** Goes to `-C`, and gives the absolute path of the pipeline file. @throws UserFacingError where there is none. */
export function enterProject({ directory, file = PIPELINE_FILE }: PlaceFlags): string {
  enterDirectory(directory);
  if (!existsSync(file)) throw new UserFacingError(cliErrors.noPipeline(file));
  return resolve(file);
}

/** Goes to `-C`, where it is given. @throws UserFacingError where it is no folder. */
export function enterDirectory(directory: string | undefined): void {
  if (directory === undefined) return;
  if (statIfThere(directory)?.isDirectory() !== true) throw new UserFacingError(cliErrors.noDirectory(directory));
  process.chdir(directory);
}

export const targetWords = {
  kind: 'array',
  parameter: {
    brief: 'name, name.output, name@key=value, or the path of an output',
    parse: String,
    placeholder: 'TARGET',
  },
} as const;

/** Reads the value of a flag that counts something: a function that throws RangeError. */
export function countFor(name: string): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (Number.isSafeInteger(count) && count >= 1) return count;
    throw new RangeError(`${name} takes a whole number from 1, not ${text === '' ? 'an empty text' : text}`);
  };
}
