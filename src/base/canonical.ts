import type { Json, JsonObject } from './json.js';
import { compareBytes } from './order.js';

/**
 * The one text of a JSON value: keys in byte order, no spaces, numbers and strings as `JSON.stringify` writes them.
 *
 * @throws TypeError for what JSON cannot hold (undefined, NaN, infinities, functions, instances): silently dropping it would
 *   give two different values one key.
 */
export function canonicalJson(value: Json): string {
  // Most values are as they should be already, and printed quicker than put together.
  return isInOrder(value) ? JSON.stringify(value) : ordered(value);
}

/** Whether `JSON.stringify` prints the canonical text. */
function isInOrder(value: Json): boolean {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) {
    // Not `every`, which passes over holes.
    for (const item of value as readonly Json[]) if (!isInOrder(item)) return false;
    return true;
  }
  if (!isPlain(value)) return false;
  let before: string | undefined;
  for (const key of Object.keys(value)) {
    if (before !== undefined && compareBytes(before, key) > 0) return false;
    if (!isInOrder((value as JsonObject)[key] as Json)) return false;
    before = key;
  }
  return true;
}

function ordered(value: Json): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${String(value)} is not JSON`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item: Json) => ordered(item)).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`${typeof value} is not JSON`);
  if (!isPlain(value)) throw new TypeError(`${Object.prototype.toString.call(value)} is not JSON`);
  const entries = Object.entries(value);
  if (entries.length > 1) entries.sort(([a], [b]) => compareBytes(a, b));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${ordered(item)}`).join(',')}}`;
}

/** A Map, a Date or a class's instance would print as `{}`, and two of them would share one key. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
