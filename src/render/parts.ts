import { formatCount, plural } from '../base/units.js';
import type { AsksPreview, PartsPreview } from '../execute/parts-preview.js';

/** `18,204 parts: 18,190 fresh, 12 changed, 2 new` */
export function partsText({ total, remembered, changed, added }: PartsPreview): string {
  const counts = [
    [remembered, 'fresh'],
    [changed, 'changed'],
    [added, 'new'],
  ] as const;
  const named = counts.filter(([count]) => count > 0).map(([count, word]) => `${formatCount(count)} ${word}`);
  return `${plural(total, 'part')}${named.length === 0 ? '' : `: ${named.join(', ')}`}`;
}

/** `asks a model at most 60 times in 3 of 100 parts`; `asks again: 3 of 100 parts` where the rule does not count. */
export function asksText({ asks, total }: PartsPreview): string {
  if (asks === undefined || asks.parts === 0) return '';
  const parts = `${formatCount(asks.parts)} of ${plural(total, 'part')}`;
  if (asks.questions === null) return `asks again: ${parts}`;
  return `${questionsText(asks.questions)}${asks.parts === total ? '' : ` in ${parts}`}`;
}

/** `asks a model at most 3 times` */
export const questionsText = (questions: NonNullable<AsksPreview['questions']>): string =>
  `asks a model at most ${questions === 1 ? 'once' : `${formatCount(questions)} times`}`;
