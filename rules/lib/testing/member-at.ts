import { isMap, type JsonValue } from '../chat/json-value.js';

/** A member of a member of …, by a dotted path: `metadata.session_id`. */
export function memberAt(value: JsonValue | undefined, path: string): JsonValue | undefined {
  let found = value;
  for (const key of path.split('.')) found = isMap(found) ? found.get(key) : undefined;
  return found;
}
