import { JsonReader, JsonSyntaxError } from '../chat/json-reader.js';
import { isMap, type JsonMap, type JsonValue } from '../chat/json-value.js';

/** The asked-for members of a row, passing over all others. A reason where it is no row. */
export function readMembers(text: string, keys: readonly string[]): JsonMap | 'not JSON' | 'not an object' {
  const reader = new JsonReader(text);
  const row: JsonMap = new Map();
  try {
    const isObject = reader.peek() === '{';
    if (isObject) {
      reader.members((key) => {
        if (keys.includes(key)) row.set(key, reader.value());
        else reader.skip();
      });
    } else {
      reader.skip();
    }
    reader.end();
    return isObject ? row : 'not an object';
  } catch (error) {
    if (error instanceof JsonSyntaxError) return 'not JSON';
    throw error;
  }
}

/** A member of a member of …, by a dotted path: `metadata.session_id`. */
export function memberAt(value: JsonValue | undefined, path: string): JsonValue | undefined {
  let found = value;
  for (const key of path.split('.')) found = isMap(found) ? found.get(key) : undefined;
  return found;
}
