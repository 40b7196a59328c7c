import type { Json } from 'vlmbuild';
import type { DataImage } from '../../lib/chat/image-size.js';
import { jsonText } from '../../lib/chat/json-text.js';
import { type JsonValue, textItems } from '../../lib/chat/json-value.js';
import { turnOf } from '../../lib/tracing/turn.js';

/** What is counted, by name. */
const COUNTERS = [
  'lines', // by what they are: row, not UTF-8, not JSON, not an object
  'roles', // messages
  'characters', // of text, by role
  'images', // by what their head says: `png 64x64`; `unknown`; `by address` for a URL without the bytes
  'image roles',
  'image bytes', // by format
  'calls', // tool calls by name
  'models',
  'new', // achievements that were new in their session
  'turned', // achievements that turned true in their turn
] as const;
export type Counter = (typeof COUNTERS)[number];

interface SessionTally {
  rows: number;
  /** The last turn, from 0; -1 where no row says its turn. */
  last: number;
}

/** What of a row's metadata is counted. */
export const METADATA_PATHS = [
  'session_id',
  'turn',
  'model',
  'achievements.new_unique',
  'achievements.turned_true',
] as const;
type MetadataPath = (typeof METADATA_PATHS)[number];

/** Counts over rows; the tallies of blocks add up to the tally of the whole. */
export class Tally {
  readonly sessions = new Map<string, SessionTally>();
  private readonly counters = new Map<Counter, Map<string, number>>(COUNTERS.map((name) => [name, new Map()]));

  of(counter: Counter): ReadonlyMap<string, number> {
    return this.counters.get(counter) ?? new Map<string, number>();
  }

  sum(counter: Counter): number {
    let sum = 0;
    for (const count of this.of(counter).values()) sum += count;
    return sum;
  }

  count(counter: Counter, name: string, by = 1): void {
    const counts = this.counters.get(counter);
    counts?.set(name, (counts.get(name) ?? 0) + by);
  }

  /** @param at gives members of a row's metadata. */
  addMetadata(at: (path: MetadataPath) => JsonValue | undefined): void {
    this.count('lines', 'row');
    this.addSession(at('session_id'), at('turn'));
    const model = at('model');
    if (typeof model === 'string') this.count('models', model);
    for (const name of textItems(at('achievements.new_unique'))) this.count('new', name);
    for (const name of textItems(at('achievements.turned_true'))) this.count('turned', name);
  }

  /** JSON, from which `add` takes it again. */
  toJson(): Json {
    return {
      sessions: Array.from(this.sessions, ([id, { rows, last }]) => [id, rows, last]),
      counters: Object.fromEntries(Array.from(this.counters, ([name, counts]) => [name, [...counts]])),
    };
  }

  /** Adds what `toJson` gave. */
  add(json: string): void {
    const { sessions, counters } = JSON.parse(json) as {
      readonly sessions: readonly (readonly [id: string, rows: number, last: number])[];
      readonly counters: Readonly<Record<Counter, readonly (readonly [name: string, count: number])[]>>;
    };
    for (const [id, rows, last] of sessions) this.addToSession(id, rows, last);
    for (const counter of COUNTERS) for (const [name, count] of counters[counter]) this.count(counter, name, count);
  }

  countImage(data: DataImage | undefined): void {
    const { size } = data ?? {};
    const format = data === undefined ? 'by address' : (size?.format ?? 'unknown');
    this.count('images', size === undefined ? format : `${format} ${size.width}x${size.height}`);
    this.count('image bytes', format, data?.bytes ?? 0);
  }

  private addSession(session: JsonValue | undefined, said: JsonValue | undefined): void {
    if (session === undefined || session === null) return;
    this.addToSession(typeof session === 'string' ? session : jsonText(session), 1, turnOf(said) ?? -1);
  }

  private addToSession(id: string, rows: number, last: number): void {
    const session = this.sessions.get(id);
    if (session === undefined) {
      this.sessions.set(id, { rows, last });
      return;
    }
    session.rows += rows;
    session.last = Math.max(session.last, last);
  }
}
