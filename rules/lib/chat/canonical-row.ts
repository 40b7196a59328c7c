import { isUtf8 } from 'node:buffer';
import { OPEN_OBJECT } from './json-bytes.js';
import { rewriteJson } from './json-rewriter.js';
import type { LineWriter } from './line-writer.js';

/** Why a line is no row. */
export type NoRow = 'not UTF-8' | 'not JSON' | 'not an object';

/** The row that a line is, as it is written: the line itself where it is that, else in a writer, until that is used again. */
export function canonicalRow(line: Buffer, writer: LineWriter): Buffer | NoRow {
  if (!isUtf8(line)) return 'not UTF-8';
  writer.clear();
  const form = rewriteJson(line, writer);
  if (form === 'not JSON') return form;
  const row = form === 'canonical' ? line : writer.line();
  return row[0] === OPEN_OBJECT ? row : 'not an object';
}
