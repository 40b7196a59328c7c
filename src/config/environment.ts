import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

/** The environment as declared names see it. */
export interface Environment {
  /** The real environment's value, else that of the `.env` file. */
  get(name: string): string | undefined;
  /** The `.env` beside the pipeline, absolute, whether it exists or not. */
  readonly file: string;
}

/** `.env` supplies what the real environment lacks. A missing file supplies nothing. */
export function readEnvironment(root: string, real: NodeJS.ProcessEnv): Environment {
  const file = join(root, '.env');
  const supplied = new Map(Object.entries(parseEnv(readIfPresent(file))));
  return { file, get: (name) => real[name] ?? supplied.get(name) };
}

function readIfPresent(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return '';
    throw error;
  }
}
