import { isFilledText, isMap, isTruthy, type JsonMap, type JsonValue } from './json-value.js';

/** `reference` follows the original exporter where it loses data; `fixed` does not. */
export type Compat = 'fixed' | 'reference';

export type Segment =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } };

/** What a message says: plain text where that is all there is, else a list of segments. */
export interface Content {
  readonly content: string | readonly Segment[];
  readonly hasImage: boolean;
}

export const NO_CONTENT: Content = { content: '', hasImage: false };

/** Recorded content parts as chat content. Items that say nothing are dropped; no list at all is `""`. */
export function contentOf(parts: JsonValue | undefined, compat: Compat): Content {
  if (!Array.isArray(parts)) return NO_CONTENT;
  const segments: Segment[] = [];
  let hasImage = false;
  for (const part of parts) {
    if (!isMap(part)) continue;
    const type = part.get('type');
    if (type === 'text') {
      const text = part.get('text');
      if (typeof text === 'string') segments.push({ type: 'text', text });
      continue;
    }
    const url =
      type === 'image' ? imageUrl(part, compat) : type === 'image_url' ? imageUrlUrl(part, compat) : undefined;
    if (url === undefined) continue;
    hasImage = true;
    segments.push({ type: 'image_url', image_url: { url } });
  }
  const [first] = segments;
  if (first === undefined) return NO_CONTENT;
  return { content: segments.length === 1 && first.type === 'text' ? first.text : segments, hasImage };
}

/** The URL of a part of type `image`: of the places where recorders leave one, the first that has it. */
function imageUrl(part: JsonMap, compat: Compat): string | undefined {
  const uri = part.get('uri');
  if (typeof uri === 'string' && uri.startsWith('data:')) return uri;
  const ownType = part.get('mime_type');
  const dataUrl = (type: JsonValue | undefined, base64: string) => {
    if (compat === 'fixed' && base64.startsWith('data:')) return base64;
    return `data:${isFilledText(type) ? type : isFilledText(ownType) ? ownType : 'image/png'};base64,${base64}`;
  };

  const data = part.get('data');
  const source = isTruthy(data) ? data : part.get('source');
  if (isMap(source)) {
    const base64 = source.get('data');
    if (isFilledText(base64)) return dataUrl(source.get('media_type'), base64);
  }
  if (compat === 'reference') return undefined;
  const base64 = part.get('base64_data');
  if (isFilledText(base64)) return dataUrl(undefined, base64);
  return typeof uri === 'string' && /^https?:\/\//.test(uri) ? uri : undefined;
}

/** The URL of a part of type `image_url`. */
function imageUrlUrl(part: JsonMap, compat: Compat): string | undefined {
  const image = part.get('image_url');
  if (compat === 'fixed' && isFilledText(image)) return image;
  const url = isMap(image) ? image.get('url') : undefined;
  return isFilledText(url) ? url : undefined;
}
