import type { Database } from 'better-sqlite3';
import { DELTA, UNIQUE_DELTA } from '../../lib/tracing/achievements.js';
import type { TraceTables } from '../../lib/tracing/tables.js';

/*
 * What sessions are listed from: small columns, in the byte order of the sessions. A query that takes a session in one row
 * and one that takes it in many list the same.
 */

/** As text where a number would not be exact; SQLite compares it as an integer all the same. */
export type RowId = number | string;

export type CursorRow<Row> = Row & { readonly 0: string };
export type EventRow = readonly [session: string, id: RowId, model: unknown, provider: unknown];
/** All model calls of a session: their ids, with commas between them, and whether one of them has a model. */
export type EventsRow = readonly [session: string, ids: string, hasModel: 0 | 1];
export type RewardRow = readonly [
  session: string,
  id: RowId | null,
  event: RowId | null,
  type: string,
  annotation: unknown,
  metadata: unknown,
];
/** Of all rewards of a session ids and those of their events: `1:10,2:10`. */
export type RewardsRow = readonly [session: string, ids: string];
export type OutcomeRow = readonly [session: string, total: number, metadata: unknown];
/** The total is NULL where it is no number: of infinities of both signs. */
export type TotalRow = readonly [session: string, type: unknown, total: number | null];

/** Whether there is what the queries need that take a session in one row. */
export function quickQueries(db: Database, { events, eventRewards, inByteOrder }: TraceTables) {
  // Else the order is none that SQLite has.
  const isGrouped = inByteOrder('x') === 'x COLLATE BINARY';
  const indexed = db
    .prepare(
      `SELECT info.name FROM pragma_index_list('events') AS list, pragma_index_info(list.name) AS info
       WHERE NOT list.partial AND info.seqno = 0`,
    )
    .pluck()
    .all()
    .map((name) => String(name).toLowerCase());
  return {
    events:
      isGrouped &&
      events.rowid === 'id' &&
      ['event_type', 'session_id', 'model_name'].every((name) => indexed.includes(name)),
    rewards:
      isGrouped &&
      events.rowid === 'id' &&
      eventRewards !== undefined &&
      eventRewards.address !== undefined &&
      (eventRewards.rowid === 'id' || !eventRewards.has('id')) &&
      eventRewards.isInteger('event_id'),
  };
}

/** Whatever collation the column was declared with. */
const IS_CALL = `event_type COLLATE BINARY = 'cais'`;

export function eventsSql({ events, inByteOrder }: TraceTables): string {
  const { address = 'id' } = events;
  return `
    SELECT e.session_id, ${exactId(`e.${address}`)}, e.model_name, e.provider
    FROM events e WHERE e.${IS_CALL} AND typeof(e.session_id) = 'text'
    ORDER BY ${inOrder(events, 'e', inByteOrder('e.session_id'))}`;
}

/** How many model calls there are, whatever they have for a session. */
export function callCount(db: Database): number {
  return Number(db.prepare(`SELECT count(*) FROM events WHERE ${IS_CALL}`).pluck().get());
}

/** From indexes alone: the rows are spread over all of a database, in which each has some pages. */
export function indexedEventsSql(db: Database, { inByteOrder }: TraceTables): string {
  const calls = `+id IN (SELECT id FROM events WHERE ${IS_CALL})`;
  const nameless = db.prepare(`SELECT 1 FROM events WHERE model_name IS NULL AND ${calls} LIMIT 1`).get();
  const hasModel = nameless === undefined ? '1' : 'max(id IN (SELECT id FROM events WHERE model_name IS NOT NULL))';
  return `
    SELECT session_id, group_concat(id), ${hasModel}
    FROM events WHERE ${calls} AND typeof(session_id) = 'text'
    GROUP BY session_id COLLATE BINARY ORDER BY ${inByteOrder('session_id')}`;
}

export function groupedIds([, text]: EventsRow): RowId[] {
  const ids = text.split(',').map(exactRowId);
  // As an index mostly has them.
  return ids.every((id, at) => at === 0 || compareIds(ids[at - 1] as RowId, id) < 0) ? ids : ids.sort(compareIds);
}

const REWARDS = `reward_type COLLATE BINARY IN ('${UNIQUE_DELTA}', '${DELTA}') AND typeof(r.session_id) = 'text'`;

function hasRewards(table: TraceTables['eventRewards']): table is NonNullable<typeof table> {
  return table !== undefined && ['session_id', 'event_id', 'reward_type'].every((name) => table.has(name));
}

/** A reward may be of an event that is not there. */
export function rewardsSql(
  { events, eventRewards: table, inByteOrder }: TraceTables,
  facts: boolean,
): string | undefined {
  if (!hasRewards(table)) return undefined;
  const event = events.address === 'rowid' ? 'e.rowid' : `iif(typeof(r.event_id) = 'integer', r.event_id, e.id)`;
  const id = table.address === undefined ? 'NULL' : exactId(`r.${table.address}`);
  return `
    SELECT r.session_id, ${id}, ${exactId(event)}, r.reward_type,
      ${facts ? `${table.column('r', 'annotation')}, e.metadata` : 'NULL, NULL'}
    FROM event_rewards r LEFT JOIN events e ON e.id = r.event_id
    WHERE ${table.column('r', 'reward_value')} > 0 AND r.${REWARDS}
    ORDER BY ${inOrder(table, 'r', inByteOrder('r.session_id'))}`;
}

/** Without an index: so many rewards are listed that to look each up takes longer than to look through all. */
export function groupedRewardsSql({ eventRewards: table, inByteOrder }: TraceTables): string | undefined {
  if (!hasRewards(table)) return undefined;
  return `
    SELECT r.session_id, group_concat(r.${table.address} || ':' || r.event_id)
    FROM event_rewards r NOT INDEXED
    WHERE ${table.column('r', 'reward_value')} > 0 AND r.${REWARDS} AND typeof(r.event_id) = 'integer'
    GROUP BY r.session_id COLLATE BINARY ORDER BY ${inByteOrder('r.session_id')}`;
}

interface RewardIds {
  /** Null where nothing names the reward. */
  readonly id: RowId | null;
  readonly event: RowId;
}

export function rewardIds(row: RewardRow | RewardsRow): RewardIds[] {
  if (row.length === 2) {
    const ids = row[1].split(',').map((text) => {
      const [id = '', event = ''] = text.split(':');
      return { id: exactRowId(id), event: exactRowId(event) };
    });
    return ids.sort((a, b) => compareIds(a.id, b.id));
  }
  const [, id, event] = row;
  return event === null ? [] : [{ id, event }];
}

function exactRowId(text: string): RowId {
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : text;
}

function compareIds(a: RowId, b: RowId): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return BigInt(a) < BigInt(b) ? -1 : 1;
}

export function outcomesSql({ outcomeRewards: table, inByteOrder }: TraceTables): string | undefined {
  if (!table?.has('session_id')) return undefined;
  return `
    SELECT o.session_id, coalesce(CAST(${table.column('o', 'total_reward')} AS REAL), 0.0), ${table.column('o', 'reward_metadata')}
    FROM outcome_rewards o WHERE typeof(o.session_id) = 'text'
    ORDER BY ${inOrder(table, 'o', inByteOrder('o.session_id'))}`;
}

export function totalsSql({ eventRewards: table, inByteOrder }: TraceTables): string | undefined {
  if (!table?.has('session_id')) return undefined;
  return `
    SELECT r.session_id, ${table.column('r', 'reward_type')}, total(${table.column('r', 'reward_value')})
    FROM event_rewards r WHERE typeof(r.session_id) = 'text'
    GROUP BY r.session_id COLLATE BINARY, 2 COLLATE BINARY ORDER BY ${inByteOrder('r.session_id')}`;
}

/** Rewards of a session where nothing names each of them: those that `rewardsSql` lists. */
export function sessionRewardsSql(table: NonNullable<TraceTables['eventRewards']>, columns: readonly string[]): string {
  return `
    SELECT ${columns.join(', ')} FROM event_rewards r
    WHERE r.session_id = ? COLLATE BINARY AND ${table.column('r', 'reward_value')} > 0 AND r.${REWARDS}`;
}

/** The order of a table's rows in their session. */
function inOrder(table: TraceTables['events'], alias: string, bySession: string): string {
  const ids = (['id', table.address] as const).filter((name, at, all) => {
    return name !== undefined && (name === 'rowid' || table.has(name)) && all.indexOf(name) === at;
  });
  return [bySession, ...ids.map((name) => `${alias}.${name}`)].join(', ');
}

function exactId(id: string): string {
  const most = Number.MAX_SAFE_INTEGER;
  return `CASE WHEN ${id} BETWEEN -${most} AND ${most} THEN ${id} ELSE CAST(${id} AS TEXT) END`;
}
