import { isDouble, isTruthy, type JsonMap, type JsonValue, textItems } from '../../lib/chat/json-value.js';
import { CanonicalKernel, type RowPath } from '../../lib/chat/canonical-kernel.js';
import { CanonicalRows } from '../../lib/chat/canonical-rows.js';
import { eachImage, IMAGE_PATHS } from '../../lib/chat/row-images.js';
import { imageUrls, memberAt } from '../../lib/chat/row.js';
import type { WantedMembers } from '../../lib/chat/row-bytes.js';
import type { RowParams } from './params.js';

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

/** Rows that follow each other, and over which the same decides; see `RowRun`. */
export interface AlikeRows extends DecidingRow {
  readonly start: number;
  readonly end: number;
  readonly rows: number;
}

const FLAGS: ReadonlySet<MetadataName> = new Set(['user_has_image', 'assistant_has_image']);

/** The rows of a text that is read by places: the same as `membersRow` of each that is told of. */
export class QuickRows implements DecidingRow {
  readonly rows: CanonicalRows;
  private readonly names: readonly MetadataName[];
  /** Whether all that decides is whether values are true. */
  private readonly areFlags: boolean;

  /** @param kernel `null` to do without. */
  constructor(params: RowParams, kernel = CanonicalKernel.get()) {
    this.names = decidingMetadata(params);
    this.areFlags = this.names.every((name) => FLAGS.has(name)) && !isCounted(params);
    const metadata = this.names.map((name): RowPath => ['metadata', ...name.split('.')]);
    this.rows = new CanonicalRows([...metadata, ...(isCounted(params) ? IMAGE_PATHS : [])], kernel);
  }

  /**
   * Rows from an index on that are alike in all that decides over them, as `runs` of `CanonicalRows` tells of them: where
   * flags alone decide.
   */
  runs(at: number): readonly AlikeRows[] {
    if (!this.areFlags) return [];
    return this.rows.runs(at).map(({ flags, ...run }) => ({
      ...run,
      metadata: (name) => (flags & (1 << this.names.indexOf(name))) !== 0,
      images: () => NaN,
    }));
  }

  metadata(name: MetadataName): JsonValue | undefined {
    return this.rows.value(this.names.indexOf(name));
  }

  images(): number {
    let images = 0;
    eachImage(this.rows, this.names.length, () => images++);
    return images;
  }
}

function numberOf(value: JsonValue | undefined): number | undefined {
  if (isDouble(value)) return value.value;
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}
