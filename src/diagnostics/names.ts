import { didYouMean } from '../base/did-you-mean.js';

/** `a`, `b` and 3 more: names for a fact. */
export function nameList(names: readonly string[], most = 12): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** The likely name, else `otherwise`. */
export function meant(name: string, known: Iterable<string>, otherwise?: string): { next?: string } {
  const likely = didYouMean(name, known);
  const next = likely === undefined ? otherwise : `did you mean \`${likely}\`?`;
  return next === undefined ? {} : { next };
}
