import { digestAt, digestCount } from '../store/part-keys.js';
import type { Digest } from '../base/digest.js';
import type { Target } from '../config/pipeline.js';
import type { Session } from './session.js';

/** So many parts are enough to tell what one takes. */
const SAMPLE = 500;

/**
 * How long a target in parts takes with `missing` parts to make; undefined where nothing tells what a part takes. What it
 * took last time says little: that may have been one part, and now it is all of them.
 */
export function secondsWithParts(session: Session, target: Target, missing: number): number | undefined {
  const last = session.index.lastSuccess(target.name);
  const each = secondsOfPart(session, target.name);
  if (each === undefined || last === undefined) return undefined;
  return estimate({ each, missing, last, atOnce: atOnce(target, session) });
}

export interface PastParts {
  /** Of making a part. */
  readonly each: number;
  readonly missing: number;
  readonly last: { readonly seconds: number; readonly parts: { readonly made?: number } | null };
  /** How many are made side by side, as far as slots and pools tell. */
  readonly atOnce: number;
}

/** What the parts take, and what the last time took besides: listing, joining. */
export function estimate({ each, missing, last, atOnce }: PastParts): number {
  const made = last.parts?.made;
  if (made === undefined) return Math.max(last.seconds, (missing * each) / atOnce);
  // Parts that wait are more at once than there are slots (`concurrency`).
  const wide = last.seconds > 0 ? Math.max(atOnce, (made * each) / last.seconds) : atOnce;
  return Math.max(0, last.seconds - (made * each) / wide) + (missing * each) / wide;
}

function secondsOfPart({ index }: Session, target: string): number | undefined {
  const blocks = index.partBlocks(target);
  const count = blocks.reduce((sum, { keys }) => sum + digestCount(keys), 0);
  const step = Math.max(1, Math.ceil(count / SAMPLE));
  const keys: Digest[] = [];
  let skip = 0;
  for (const block of blocks) {
    const rows = digestCount(block.keys);
    for (; skip < rows; skip += step) keys.push(digestAt(block.keys, skip));
    skip -= rows;
  }
  const parts = [...index.parts(keys).values()];
  return parts.length === 0 ? undefined : parts.reduce((sum, { seconds }) => sum + seconds, 0) / parts.length;
}

function atOnce({ resources }: Target, { jobs, pipeline }: Session): number {
  const pools = Object.entries(resources.pools).map(([name, amount]) => (pipeline.pools[name] ?? amount) / amount);
  return Math.max(1, Math.floor(Math.min(jobs / Math.max(1, resources.cpus), ...pools)));
}
