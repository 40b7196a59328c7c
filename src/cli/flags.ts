import { cliErrors } from '../diagnostics/cli.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where the project is: every command has these. */
export interface ProjectFlags {
  readonly file?: string;
  readonly directory?: string;
  readonly set?: readonly string[];
}

export const PIPELINE_FILE = 'pipeline.yaml';

export const projectFlags = {
  file: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: `Pipeline file (default ${PIPELINE_FILE})`,
    placeholder: 'FILE',
  },
  directory: { kind: 'parsed', parse: String, optional: true, brief: 'Go to this folder first', placeholder: 'DIR' },
  set: {
    kind: 'parsed',
    parse: String,
    optional: true,
    variadic: true,
    brief: 'Override a var for this run: --set vars.seeds=0..19',
    placeholder: 'K=V',
  },
} as const;

export const projectAliases = { f: 'file', C: 'directory' } as const;

/** One that is there or not. */
export const flag = (brief: string) => ({ kind: 'boolean', optional: true, withNegated: false, brief }) as const;

/** Goes to `-C`, and gives the absolute path of the pipeline file. @throws UserFacingError where there is none. */
export function enterProject(flags: ProjectFlags): string {
  if (flags.directory !== undefined) {
    if (!statSync(flags.directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw new UserFacingError(cliErrors.noDirectory(flags.directory));
    }
    process.chdir(flags.directory);
  }
  const file = flags.file ?? PIPELINE_FILE;
  if (!existsSync(file)) throw new UserFacingError(cliErrors.noPipeline(file));
  return resolve(file);
}

export const targetWords = {
  kind: 'array',
  parameter: {
    brief: 'name, name.output, name@key=value, or the path of an output',
    parse: String,
    placeholder: 'TARGET',
  },
} as const;

/** Reads the value of a flag that counts something. */
export const countFor =
  (flag: string) =>
  /** @throws RangeError */
  (text: string): number => {
    const count = Number(text);
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new RangeError(`${flag} takes a whole number from 1, not ${text === '' ? 'an empty text' : text}`);
    }
    return count;
  };

export const parseJobs = countFor('-j');
