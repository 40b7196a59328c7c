import { isUtf8 } from 'node:buffer';
import type { JsonMap } from '../chat/json-value.js';
import { readMembers } from '../chat/read-members.js';

/** The JSON text of a column that may hold text, bytes, a number or NULL; undefined where there is none. */
export function columnText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return isUtf8(value) ? Buffer.from(value).toString('utf8') : undefined;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

/** The same as UTF-8 bytes. */
export function columnBytes(value: unknown): Buffer | undefined {
  if (value instanceof Uint8Array) {
    if (!isUtf8(value)) return undefined;
    return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  const text = columnText(value);
  return text === undefined ? undefined : Buffer.from(text);
}

/** Members of a JSON column's object, the asked-for ones: others may be of any length. Undefined where it is anything else. */
export function columnMembers(value: unknown, keys: readonly string[]): JsonMap | undefined {
  const text = columnText(value);
  const members = text === undefined ? undefined : readMembers(text, keys);
  return typeof members === 'object' ? members : undefined;
}

/** A text column's value: null for NULL. */
export function columnName(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
}
