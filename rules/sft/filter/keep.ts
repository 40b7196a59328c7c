import { createHash } from 'node:crypto';
import { jsonText } from '../../lib/chat/json-text.js';
import { isDouble, isTruthy, type JsonMap, type JsonValue, textItems } from '../../lib/chat/json-value.js';
import { CanonicalKernel, EACH, type RowPath } from '../../lib/chat/canonical-kernel.js';
import { CanonicalRows } from '../../lib/chat/canonical-rows.js';
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

/** What of a row decides over it. */
export interface DecidingRow {
  /** A member of its metadata. */
  metadata(name: MetadataName): JsonValue | undefined;
  /** How many images its messages have. */
  images(): number;
}

type MetadataName =
  'user_has_image' | 'assistant_has_image' | 'reward' | 'achievements.turned_true' | 'achievements.new_unique';

/**
 * Why a row is dropped for itself; undefined to keep it. Flags decide over images, not what the messages hold.
 */
export function dropReason(row: DecidingRow, params: RowParams): DropReason | undefined {
  if (!isTruthy(row.metadata('user_has_image'))) return 'no user image';
  if (params.include_assistant && !isTruthy(row.metadata('assistant_has_image'))) return 'no assistant image';
  if (isCounted(params)) {
    const images = row.images();
    if (images < (params.min_images ?? 0)) return 'too few images';
    if (images > (params.max_images ?? Infinity)) return 'too many images';
  }
  if (params.min_reward !== undefined) {
    const reward = numberOf(row.metadata('reward')) ?? textItems(row.metadata('achievements.turned_true')).length;
    if (!(reward >= params.min_reward)) return 'reward too small';
  }
  if (params.require_new_achievement && textItems(row.metadata('achievements.new_unique')).length === 0)
    return 'no new achievement';
  const unwanted = params.drop_achievements;
  if (unwanted.length > 0) {
    const isUnwanted = (name: string) => unwanted.includes(name);
    if (textItems(row.metadata('achievements.new_unique')).some(isUnwanted)) return 'unwanted achievement';
    if (textItems(row.metadata('achievements.turned_true')).some(isUnwanted)) return 'unwanted achievement';
  }
  return undefined;
}

function isCounted(params: RowParams): boolean {
  return params.min_images !== undefined || params.max_images !== undefined;
}

/** The members of a row that decide over it. */
export function decidingMembers(params: RowParams): WantedMembers {
  const metadata = new Set(decidingMetadata(params).map((name) => name.replace(/\..*/, '')));
  return { metadata: [...metadata], ...(isCounted(params) ? { messages: 'all' } : {}) };
}

function decidingMetadata(params: RowParams): MetadataName[] {
  const { min_reward, require_new_achievement, drop_achievements } = params;
  const isNewAsked = require_new_achievement || drop_achievements.length > 0;
  const isTurnedAsked = min_reward !== undefined || drop_achievements.length > 0;
  return [
    'user_has_image',
    ...(params.include_assistant ? (['assistant_has_image'] as const) : []),
    ...(min_reward === undefined ? [] : (['reward'] as const)),
    ...(isTurnedAsked ? (['achievements.turned_true'] as const) : []),
    ...(isNewAsked ? (['achievements.new_unique'] as const) : []),
  ];
}

/** @param row its deciding members. */
export function membersRow(row: JsonMap): DecidingRow {
  return {
    metadata: (name) => memberAt(row.get('metadata'), name),
    images: () => imageUrls(row.get('messages')).length,
  };
}

const SEGMENT: RowPath = ['messages', EACH, 'content', EACH];

/** The rows of a text that is read by places: the same as `membersRow` of each that is told of. */
export class QuickRows implements DecidingRow {
  readonly rows: CanonicalRows;
  private readonly names: readonly MetadataName[];

  /** @param kernel `null` to do without. */
  constructor(params: RowParams, kernel = CanonicalKernel.get()) {
    this.names = decidingMetadata(params);
    const metadata = this.names.map((name): RowPath => ['metadata', ...name.split('.')]);
    const segment: RowPath[] = [
      SEGMENT,
      [...SEGMENT, 'type'],
      [...SEGMENT, 'image_url'],
      [...SEGMENT, 'image_url', 'url'],
    ];
    this.rows = new CanonicalRows([...metadata, ...(isCounted(params) ? segment : [])], kernel);
  }

  metadata(name: MetadataName): JsonValue | undefined {
    return this.rows.value(this.names.indexOf(name));
  }

  images(): number {
    const segment = this.names.length;
    let images = 0;
    let isImage = false;
    let hasUrl = false;
    this.rows.each((path, start, end) => {
      // An `image_url` comes after the `url` in it, and both before the end of their segment.
      if (path === segment) {
        if (isImage && hasUrl) images++;
        isImage = hasUrl = false;
      } else if (path === segment + 1) isImage = this.rows.is(start, end, '"image_url"');
      else if (path > segment + 1) hasUrl ||= this.rows.isString(start);
    });
    return images;
  }
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
