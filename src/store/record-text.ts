import { hash } from 'node:crypto';

/** Of SHA-256, in hex: enough for damage, which is no attack. */
const SEAL = 12;

/** Damage that SQLite itself does not see: a byte that changed on the disk. */
export class Damage extends Error {}

/**
 * A value as a text of the index, or of another file of the cache: JSON behind a seal, by which a byte that changed is
 * noticed. Without a line feed.
 */
export function recordText(value: unknown): string {
  const json = JSON.stringify(value);
  return sealOf(json) + json;
}

/** @throws Damage where it is not what `recordText` gave. */
export function parseRecord(text: unknown): unknown {
  return JSON.parse(unsealed(text));
}

/** Those of one text, a line each, parsed at once. @throws Damage */
export function parseRecords(lines: string): readonly unknown[] {
  return JSON.parse(`[${lines.split('\n').map(unsealed).join()}]`) as unknown[];
}

/** What tells whether a text, and whatever names it, is as it was written. */
export function sealOf(...texts: readonly string[]): string {
  return hash('sha256', texts.join('\n'), 'hex').slice(0, SEAL);
}

function unsealed(text: unknown): string {
  // Columns have no nulls, but a page that is empty gives them.
  if (typeof text !== 'string') throw new Damage('a record is not a text');
  const json = text.slice(SEAL);
  if (!text.startsWith(sealOf(json))) throw new Damage('a record is not what was written');
  return json;
}
