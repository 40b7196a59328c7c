/**
 * A JSON value as Python's `json.loads` reads it: what a JavaScript value cannot tell apart is kept apart.
 *
 * An integer is a `number` where that is exact, else a `bigint`; every other number is a `JsonDouble`. An object is a
 * `Map`, because a JavaScript object moves integer-like keys to the front.
 */
export type JsonValue = null | boolean | string | number | bigint | JsonDouble | JsonValue[] | JsonMap;
export type JsonMap = Map<string, JsonValue>;

const DOUBLE = Symbol('double');

/** A number that was written with a point or an exponent, or is NaN or infinite: written again as a double. */
export interface JsonDouble {
  readonly [DOUBLE]: true;
  readonly value: number;
}

class Double implements JsonDouble {
  readonly [DOUBLE] = true;
  constructor(readonly value: number) {}
}

export function jsonDouble(value: number): JsonDouble {
  return new Double(value);
}

export function isDouble(value: unknown): value is JsonDouble {
  return value instanceof Double;
}

/** A JSON object, never a list. */
export function isMap(value: JsonValue | undefined): value is JsonMap {
  return value instanceof Map;
}

/** Text that is not empty. */
export function isFilledText(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '';
}

/** False for what is absent, null, false, zero in any spelling, `""`, `[]` and `{}`; NaN is true. */
export function isTruthy(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  if (typeof value === 'number') return value !== 0;
  if (isDouble(value)) return value.value !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  return true;
}

/** The text items of a list; none of anything else. */
export function textItems(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
