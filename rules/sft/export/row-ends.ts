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

/** What stands behind the messages of rows. From one to the next nearly all of it is the same. */
export class RowEnds {
  /** Of the row at hand: what stands before its turn, and what behind that, up to its flags. */
  before = '';
  behind = '';
  private model: unknown;
  private provider: unknown;
  private named = '';
  private names: Names | undefined;
  private cumulative = -1;

  /** Says whose rows come. */
  open(session: string): void {
    this.before = `, "metadata": {"session_id": ${jsonText(session)}, "turn": `;
  }

  /**
   * Says which row comes.
   *
   * @param event columns: model_name, provider
   */
  take(event: Columns, names: Names, cumulative: number): void {
    const { model_name: model, provider } = event;
    const isNamed = this.named !== '' && model === this.model && provider === this.provider;
    if (isNamed && names === this.names && cumulative === this.cumulative) return;
    if (!isNamed) {
      this.model = model;
      this.provider = provider;
      this.named = `, "model": ${jsonText(columnName(model))}, "provider": ${jsonText(columnName(provider) || 'unknown')}`;
    }
    this.names = names;
    this.cumulative = cumulative;
    this.behind =
      `${this.named}, "achievements": {"new_unique": ${listText(names.newUnique)}, ` +
      `"turned_true": ${listText(names.turnedTrue)}, "cumulative_unique": ${cumulative}}, "user_has_image": `;
  }

  /** All of it. */
  text(turn: Turn, { userHasImage: user, assistantHasImage: assistant }: WrittenRecord): string {
    const flags = `${user}, "assistant_has_image": ${assistant}, "has_image": ${user || assistant}`;
    return `${this.before}${turn}${this.behind}${flags}}}`;
  }
}

function listText(names: readonly string[]): string {
  return names.length === 0 ? '[]' : `[${names.map((name) => JSON.stringify(name)).join(', ')}]`;
}
