import { JsonReader, JsonSyntaxError } from './json-reader.js';
import type { JsonMap } from './json-value.js';

/** The asked-for members of an object, passing over all others. A reason where the text is none. */
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
