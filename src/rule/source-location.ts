import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Location } from '../diagnostics/diagnostic.js';

/** A path as a person at the prompt would write it: relative where that is shorter. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== '' && short.length < path.length ? short : path;
}

/** A place in a source file, lines and columns from 1, with its line. */
export function locationIn(path: string, line: number, column: number, length?: number): Location {
  const text = linesOf(path)[line - 1];
  return {
    path: shownPath(path),
    line,
    column,
    ...(text !== undefined && { text }),
    ...(length !== undefined && { length }),
  };
}

/** Where a rule's definition begins, for what is wrong with it as a whole. */
export function definitionLocation(path: string, what?: string): Location {
  const lines = linesOf(path);
  const start = Math.max(
    0,
    lines.findIndex((line) => /^export default\b|\bas default\b/.test(line)),
  );
  const key = what === undefined ? -1 : lines.findIndex((line, i) => i >= start && keyAt(line, what) >= 0);
  if (what !== undefined && key >= 0) {
    return locationIn(path, key + 1, keyAt(lines[key] ?? '', what) + 1, what.length);
  }
  return locationIn(path, start + 1, 1, (lines[start] ?? '').trimEnd().length);
}

function keyAt(line: string, key: string): number {
  const match = new RegExp(`^\\s*(?:async\\s+)?\\*?\\s*(${key.replace(/[^A-Za-z0-9_]/g, '\\$&')})\\s*[:(,]`).exec(line);
  return match === null ? -1 : match[0].indexOf(match[1] ?? '');
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}
