import { createHash } from 'node:crypto';
import { jsonText } from '../../lib/chat/json-text.js';
import { isDouble, isMap, isTruthy, type JsonMap, type JsonValue, textItems } from '../../lib/chat/json-value.js';
import { imageUrls, memberAt, readMembers } from '../../lib/chat/row.js';
import type { WantedMembers } from '../../lib/chat/row-bytes.js';
import type { FilterParams, RowParams } from './params.js';

/** Why a line is dropped, in the order in which it is asked. */
export type DropReason =
  | 'not UTF-8'
  | 'not JSON'
  | 'not an object'
  | 'no user image'
  | 'no assistant image'
  | 'too few images'
  | 'too many images'
  | 'reward too small'
  | 'no new achievement'
  | 'unwanted achievement'
  | 'duplicate row'
  | 'duplicate images'
  | 'enough rows of its session';

/** The members of a row that decide over it. */
export function decidingMembers(params: RowParams): WantedMembers {
  const metadata = [
    'user_has_image',
    ...(params.include_assistant ? ['assistant_has_image'] : []),
    ...(params.min_reward === undefined ? [] : ['reward']),
    ...(params.min_reward !== undefined || params.require_new_achievement || params.drop_achievements.length > 0
      ? ['achievements']
      : []),
  ];
  return { metadata, ...(isCounted(params) ? { messages: 'all' } : {}) };
}

function isCounted(params: RowParams): boolean {
  return params.min_images !== undefined || params.max_images !== undefined;
}

/**
 * Why a row is dropped for itself; undefined to keep it. Flags decide over images, not what the messages hold.
 *
 * @param row its deciding members.
 */
export function dropReason(row: JsonMap, params: RowParams): DropReason | undefined {
  const said = row.get('metadata');
  const metadata: JsonMap = isMap(said) ? said : new Map<string, JsonValue>();
  if (!isTruthy(metadata.get('user_has_image'))) return 'no user image';
  if (params.include_assistant && !isTruthy(metadata.get('assistant_has_image'))) return 'no assistant image';
  if (isCounted(params)) {
    const images = imageUrls(row.get('messages')).length;
    if (images < (params.min_images ?? 0)) return 'too few images';
    if (images > (params.max_images ?? Infinity)) return 'too many images';
  }
  const turnedTrue = textItems(memberAt(metadata, 'achievements.turned_true'));
  if (params.min_reward !== undefined) {
    const reward = numberOf(metadata.get('reward')) ?? turnedTrue.length;
    if (!(reward >= params.min_reward)) return 'reward too small';
  }
  const newUnique = textItems(memberAt(metadata, 'achievements.new_unique'));
  if (params.require_new_achievement && newUnique.length === 0) return 'no new achievement';
  const unwanted = params.drop_achievements;
  if ([...newUnique, ...turnedTrue].some((name) => unwanted.includes(name))) return 'unwanted achievement';
  return undefined;
}

function numberOf(value: JsonValue | undefined): number | undefined {
  if (isDouble(value)) return value.value;
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

/** Drops rows for what came before them, over all sessions and blocks. */
export class AcrossRows {
  private readonly seen = new Set<string>();
  private readonly perSession = new Map<string, number>();

  constructor(private readonly params: Pick<FilterParams, 'dedupe' | 'max_per_session'>) {}

  /** Whether there is anything to look at across rows. */
  get isNeeded(): boolean {
    return this.params.dedupe !== undefined || this.params.max_per_session !== undefined;
  }

  /** Why the next kept row is dropped after all; undefined to keep it. */
  dropReason(text: string): DropReason | undefined {
    const { dedupe, max_per_session: most } = this.params;
    const row = readMembers(text, ['metadata', ...(dedupe === 'images' ? ['messages'] : [])]);
    if (typeof row === 'string') return row;
    if (dedupe === 'rows' && this.isSeen(text)) return 'duplicate row';
    if (dedupe === 'images') {
      const urls = imageUrls(row.get('messages'));
      if (urls.length > 0 && this.isSeen(JSON.stringify(urls))) return 'duplicate images';
    }
    const session = most === undefined ? undefined : memberAt(row, 'metadata.session_id');
    if (most === undefined || session === undefined) return undefined;
    const name = shortDigest(jsonText(session));
    const before = this.perSession.get(name) ?? 0;
    if (before >= most) return 'enough rows of its session';
    this.perSession.set(name, before + 1);
    return undefined;
  }

  private isSeen(text: string): boolean {
    const digest = shortDigest(text);
    if (this.seen.has(digest)) return true;
    this.seen.add(digest);
    return false;
  }
}

/** Stands for a text in memory: 16 bytes of its SHA-256. */
function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('binary').slice(0, 16);
}
