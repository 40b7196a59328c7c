import { isUtf8 } from 'node:buffer';
import { tryParseJsonText } from '../chat/json-text.js';
import { isMap, type JsonMap, type JsonValue } from '../chat/json-value.js';

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

/** A JSON column's value; undefined where it is NULL or not JSON. */
export function columnJson(value: unknown): JsonValue | undefined {
  const text = columnText(value);
  return text === undefined ? undefined : tryParseJsonText(text);
}

/** A JSON column's object; an empty one where it is anything else. */
export function columnObject(value: unknown): JsonMap {
  const json = columnJson(value);
  return isMap(json) ? json : new Map<string, JsonValue>();
}

/** A text column's value: null for NULL. */
export function columnName(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
}
