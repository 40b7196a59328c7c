import { jsonText } from '../../lib/chat/json-text.js';
import { columnName } from '../../lib/tracing/json-column.js';
import type { Turn } from '../../lib/tracing/turn.js';
import type { WrittenRecord } from './record-bytes.js';

/** A row of a database, by column name. */
export type Columns = Readonly<Record<string, unknown>>;

/** The achievements of a turn. */
export interface Names {
  readonly newUnique: string[];
  readonly turnedTrue: string[];
}

/** What stands behind the messages of a row. */
export interface RowEnd {
  readonly text: string;
  /** Then it is written faster. */
  readonly isAscii: boolean;
}

/** What stands behind the messages of rows. From one to the next nearly all of it is the same. */
export class RowEnds {
  private begin = '';
  private model: unknown;
  private provider: unknown;
  private names: Names | undefined;
  private cumulative = -1;
  private middle = '';
  private isBeginAscii = false;
  private isMiddleAscii = false;

  /** Says whose rows come. */
  open(session: string): void {
    this.begin = `, "metadata": {"session_id": ${jsonText(session)}, "turn": `;
    this.isBeginAscii = isAscii(this.begin);
  }

  /** @param event columns: model_name, provider */
  of(turn: Turn, event: Columns, names: Names, cumulative: number, record: WrittenRecord): RowEnd {
    this.take(event['model_name'], event['provider'], names, cumulative);
    const { userHasImage: user, assistantHasImage: assistant } = record;
    const flags = `${user}, "assistant_has_image": ${assistant}, "has_image": ${user || assistant}`;
    const text = `${this.begin}${turn}${this.middle}${flags}}}`;
    return { text, isAscii: this.isBeginAscii && this.isMiddleAscii };
  }

  private take(model: unknown, provider: unknown, names: Names, cumulative: number): void {
    const isSame = model === this.model && provider === this.provider;
    if (isSame && names === this.names && cumulative === this.cumulative) return;
    this.model = model;
    this.provider = provider;
    this.names = names;
    this.cumulative = cumulative;
    const achievements = { new_unique: names.newUnique, turned_true: names.turnedTrue, cumulative_unique: cumulative };
    this.middle =
      `, "model": ${jsonText(columnName(model))}, "provider": ${jsonText(columnName(provider) || 'unknown')}, ` +
      `"achievements": ${jsonText(achievements)}, "user_has_image": `;
    this.isMiddleAscii = isAscii(this.middle);
  }
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
