import { type JsonMap, type JsonValue, textItems } from '../chat/json-value.js';
import type { Compat } from '../chat/content.js';

/** The reward types that name achievements. */
export const UNIQUE_DELTA = 'unique_achievement_delta';
export const DELTA = 'achievement_delta';

/** Members that name achievements: of a reward's annotation, and of an outcome's metadata. */
export const ANNOTATION_NAMES = ['new_unique', 'turned_true', 'achievements'];
export const OUTCOME_NAMES = ['achievements', 'final_achievements'];

/** The names a reward's annotation gives; undefined where it is no object. */
export function rewardNames(type: string, annotation: JsonMap | undefined, compat: Compat): string[] | undefined {
  if (annotation === undefined) return undefined;
  return listed(
    annotation.get(type === UNIQUE_DELTA ? 'new_unique' : 'turned_true'),
    annotation.get('achievements'),
    compat,
  );
}

/** The names an outcome's metadata gives; none where it is no object. */
export function outcomeNames(metadata: JsonMap | undefined, compat: Compat): string[] {
  if (metadata === undefined) return [];
  return listed(metadata.get('achievements'), metadata.get('final_achievements'), compat);
}

/** Rollouts name the list otherwise than the exporter does; the original exporter knew only its own name. */
function listed(own: JsonValue | undefined, other: JsonValue | undefined, compat: Compat): string[] {
  return textItems((Array.isArray(own) && own.length > 0) || compat === 'reference' ? own : other);
}
