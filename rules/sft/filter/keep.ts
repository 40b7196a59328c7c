import { isDouble, type JsonValue, textItems } from '../../lib/chat/json-value.js';
import { CanonicalKernel, type RowPath } from '../../lib/chat/canonical-kernel.js';
import { CanonicalRows } from '../../lib/chat/canonical-rows.js';
import { eachImage, IMAGE_PATHS } from '../../lib/chat/row-images.js';
import type { RowPlaces } from '../../lib/chat/row-places.js';
import { WalkedRow } from '../../lib/chat/walked-row.js';
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
  /** Whether a member of its metadata is true. */
  isTrue(name: MetadataName): boolean;
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
  if (!row.isTrue('user_has_image')) return 'no user image';
  if (params.include_assistant && !row.isTrue('assistant_has_image')) return 'no assistant image';
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

/** Rows that follow each other, and over which the same decides; see `RowRun`. */
export interface AlikeRows extends DecidingRow {
  readonly start: number;
  readonly end: number;
  readonly rows: number;
}

const FLAGS: ReadonlySet<MetadataName> = new Set(['user_has_image', 'assistant_has_image']);

/** A row of which places are told. */
class PlacedRow implements DecidingRow {
  constructor(
    private readonly names: readonly MetadataName[],
    private readonly places: RowPlaces,
  ) {}

  isTrue(name: MetadataName): boolean {
    return this.places.isTrue(this.names.indexOf(name));
  }

  metadata(name: MetadataName): JsonValue | undefined {
    return this.places.value(this.names.indexOf(name));
  }

  images(): number {
    let images = 0;
    eachImage(this.places, this.names.length, () => images++);
    return images;
  }
}

/** What decides over rows, by where it stands in them. */
export class DecidingRows {
  /** Tells of the rows of a text. */
  readonly rows: CanonicalRows;
  /** The row of these that is at hand. */
  readonly row: DecidingRow;
  private readonly names: readonly MetadataName[];
  private readonly paths: readonly RowPath[];
  private walkedRow: WalkedRow | undefined;
  /** Whether all that decides is whether values are true. */
  private readonly areFlags: boolean;

  /** @param kernel `null` to do without. */
  constructor(params: RowParams, kernel = CanonicalKernel.get()) {
    this.names = decidingMetadata(params);
    this.areFlags = this.names.every((name) => FLAGS.has(name)) && !isCounted(params);
    const metadata = this.names.map((name): RowPath => ['metadata', ...name.split('.')]);
    this.paths = [...metadata, ...(isCounted(params) ? IMAGE_PATHS : [])];
    this.rows = new CanonicalRows(this.paths, kernel);
    this.row = new PlacedRow(this.names, this.rows);
  }

  /** Any canonical row; until another is asked for. */
  walked(row: Buffer): DecidingRow {
    this.walkedRow ??= new WalkedRow(this.paths);
    return new PlacedRow(this.names, this.walkedRow.at(row));
  }

  /**
   * Rows from an index on that are alike in all that decides over them, as `runs` of `CanonicalRows` tells of them: where
   * flags alone decide.
   */
  runs(at: number): readonly AlikeRows[] {
    if (!this.areFlags) return [];
    return this.rows.runs(at).map(({ flags, ...run }) => {
      const isTrue = (name: MetadataName) => (flags & (1 << this.names.indexOf(name))) !== 0;
      return { ...run, isTrue, metadata: isTrue, images: () => NaN };
    });
  }
}

function numberOf(value: JsonValue | undefined): number | undefined {
  if (isDouble(value)) return value.value;
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}
