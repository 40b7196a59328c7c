import { JsonReader, JsonSyntaxError } from './json-reader.js';
import { parseJsonText, writeJsonText } from './json-text.js';
import type { LineWriter } from './line-writer.js';
import { isMap, type JsonMap, type JsonValue } from './json-value.js';

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

/** Writes the line of a row that was read: as it stands where that is how it would be written. */
export function writeCanonicalLine(text: string, writer: LineWriter): void {
  const reader = new JsonReader(text);
  if (reader.isCanonical() && reader.position === text.length) writer.text(text);
  else writeJsonText(parseJsonText(text), (piece) => writer.text(piece));
}

/** The URLs of all images of a row's messages, in order. */
export function imageUrls(messages: JsonValue | undefined): string[] {
  const urls: string[] = [];
  for (const message of objects(messages)) {
    for (const segment of objects(message.get('content'))) {
      const image = segment.get('image_url');
      const url = isMap(image) ? image.get('url') : image;
      if (segment.get('type') === 'image_url' && typeof url === 'string') urls.push(url);
    }
  }
  return urls;
}

function objects(list: JsonValue | undefined): JsonMap[] {
  return Array.isArray(list) ? list.filter((item) => isMap(item)) : [];
}

/** A member of a member of …, by a dotted path: `metadata.session_id`. */
export function memberAt(value: JsonValue | undefined, path: string): JsonValue | undefined {
  let found = value;
  for (const key of path.split('.')) found = isMap(found) ? found.get(key) : undefined;
  return found;
}
