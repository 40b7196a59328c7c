import { dirname } from 'node:path';
import type { Index } from '../store/index-db.js';
import { cacheLayout, type CacheLayout } from '../store/layout.js';
import { ReadableCache } from '../store/readable-cache.js';
import { noticesOf, openIndex } from './open-index.js';
import type { Session } from './session.js';

/** What is remembered of a project, whatever its pipeline says now: that may be wrong. */
export interface Remembered extends Pick<Session, 'takeNotices'> {
  readonly layout: CacheLayout;
  readonly index: Index;
  close(): void;
}

/** For reading. @param file the pipeline file, absolute. @throws UserFacingError for a cache that cannot be used */
export function openRemembered(file: string): Remembered {
  const own = cacheLayout(dirname(file));
  const readable = ReadableCache.of(own);
  const layout = readable?.layout ?? own;
  try {
    const index = openIndex(layout);
    return {
      layout,
      index,
      takeNotices: noticesOf(index),
      close: () => {
        index.close();
        readable?.remove();
      },
    };
  } catch (error) {
    readable?.remove();
    throw error;
  }
}
