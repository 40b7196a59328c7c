import type { Json } from './json.js';
import { compareBytes } from './order.js';

/**
 * The one text of a JSON value: keys in byte order, no spaces, numbers and strings as `JSON.stringify` writes them.
 *
 * @throws TypeError for what JSON cannot hold (undefined, NaN, infinities, functions, instances): silently dropping it would give
 *   two different values one key.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${String(value)} is not JSON`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`${typeof value} is not JSON`);
  if (!isPlain(value)) throw new TypeError(`${Object.prototype.toString.call(value)} is not JSON`);
  const entries = Object.entries(value);
  if (entries.length > 1) entries.sort(([a], [b]) => compareBytes(a, b));
  // Joined by hand: this is most of what it costs to list a part, and most objects of a part are small.
  let text = '';
  for (const [key, item] of entries) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(item)}`;
  return `{${text}}`;
}

/** A Map, a Date or a class's instance would print as `{}`, and two of them would share one key. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
