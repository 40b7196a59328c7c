import { isUtf8 } from 'node:buffer';
import { JsonBytes, OPEN_OBJECT, Unusual } from './json-bytes.js';
import { parseJsonText } from './json-text.js';
import type { JsonMap, JsonValue } from './json-value.js';

const json = new JsonBytes();

/**
 * The asked-for members of a row whose line is written just as `canonicalLine` writes it; undefined for any other line,
 * and for some that are: then `readMembers` and `canonicalLine` tell.
 */
export function canonicalMembers(line: Buffer, keys: readonly string[]): JsonMap | undefined {
  if (line[0] !== OPEN_OBJECT || !isUtf8(line)) return undefined;
  const row: JsonMap = new Map<string, JsonValue>();
  const found: { readonly key: string; readonly start: number; readonly end: number }[] = [];
  try {
    json.open(line, 0, line.length);
    const end = json.canonical(0, (at, start, after) => {
      const key = keys.find((wanted) => json.matches(at + 1, `${wanted}"`));
      if (key !== undefined) found.push({ key, start, end: after });
    });
    if (end !== line.length) return undefined;
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
  for (const { key, start, end } of found) row.set(key, parseJsonText(line.toString('utf8', start, end)));
  return row;
}
