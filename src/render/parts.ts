import { formatCount, plural } from '../base/units.js';
import type { PartsPreview } from '../execute/parts-preview.js';

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
