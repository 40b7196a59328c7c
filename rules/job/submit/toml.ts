import { parse } from '@iarna/toml';
import { UserError } from 'vlmbuild';

export type TomlValue = string | number | bigint | boolean | Date | readonly TomlValue[] | TomlTable;
export interface TomlTable {
  readonly [key: string]: TomlValue;
}

export function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
}

/** @throws UserError naming line and column of what is not TOML; `path` as people are shown it. */
export function parseToml(text: string, path: string): TomlTable {
  try {
    return parse(text);
  } catch (error) {
    const { message, line, col } = error as { message: string; line?: unknown; col?: unknown };
    if (typeof line !== 'number' || typeof col !== 'number') throw error;
    const [what = ''] = message.split(/ at row \d+/);
    const source = text.split('\n')[line] ?? '';
    throw new UserError(
      `${path}:${line + 1}:${col + 1}: not TOML: ${what.charAt(0).toLowerCase()}${what.slice(1)}\n` +
        `    ${source.trimEnd()}\n    ${' '.repeat(col)}^`,
      { next: 'write the value itself: TOML computes nothing, and quotes every text', cause: error },
    );
  }
}

/** The line, from 1, on which a key is set, as far as a look at the text tells. */
export function lineOfKey(text: string, path: readonly string[]): number | undefined {
  let table: readonly string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[{1,2}\s*([^[\]]+?)\s*\]/.exec(line)?.[1];
    if (header !== undefined) table = namesOf(header);
    const key = header === undefined ? /^\s*([^=#]+?)\s*=/.exec(line)?.[1] : undefined;
    const at = key === undefined ? table : [...table, ...namesOf(key)];
    // A key of an inline table stands on the line of that table.
    if ((key !== undefined || header !== undefined) && at.length > 0 && startsWith(path, at)) {
      if (at.length === path.length || key !== undefined) return index + 1;
    }
  }
  return undefined;
}

function namesOf(dotted: string): string[] {
  return dotted.split('.').map((name) => name.trim().replace(/^(["'])(.*)\1$/, '$2'));
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.length <= path.length && start.every((name, index) => path[index] === name);
}
