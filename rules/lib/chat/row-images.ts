import { EACH, type RowPath } from './canonical-kernel.js';
import type { RowPlaces } from './row-places.js';

const SEGMENT: RowPath = ['messages', EACH, 'content', EACH];

/** What `eachImage` needs to be told of. */
export const IMAGE_PATHS: readonly RowPath[] = [
  SEGMENT,
  [...SEGMENT, 'type'],
  [...SEGMENT, 'image_url'],
  [...SEGMENT, 'image_url', 'url'],
];

/**
 * Visits the images of the row at hand, in order, by where their URLs are: strings, with quotes.
 *
 * @param first the place of `IMAGE_PATHS` among the paths of the rows.
 */
export function eachImage(rows: RowPlaces, first: number, visit: (start: number, end: number) => void): void {
  let isImage = false;
  let url = -1;
  let urlEnd = -1;
  rows.each((path, start, end) => {
    // An `image_url` comes after the `url` in it, and both before the end of their segment.
    if (path === first) {
      if (isImage && url >= 0) visit(url, urlEnd);
      isImage = false;
      url = -1;
    } else if (path === first + 1) {
      isImage = rows.is(start, end, '"image_url"');
    } else if (path > first + 1 && path < first + IMAGE_PATHS.length && rows.isString(start)) {
      url = start;
      urlEnd = end;
    }
  });
}
