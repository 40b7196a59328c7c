import type { JsonObject } from '../base/json.js';
import type { BuildCounts } from './events.js';

/** How many targets ended how, while a build runs. */
export type Counting = { -readonly [K in keyof BuildCounts]: BuildCounts[K] };

export function noCounts(): Counting {
  return { fresh: 0, ran: 0, restored: 0, failed: 0, skipped: 0 };
}

export function countsToJson(counts: BuildCounts): JsonObject {
  return { ...counts };
}
