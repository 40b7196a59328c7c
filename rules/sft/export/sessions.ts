import type { Database } from 'better-sqlite3';
import {
  ANNOTATION_NAMES,
  OUTCOME_NAMES,
  outcomeNames,
  rewardNames,
  UNIQUE_DELTA,
} from '../../lib/tracing/achievements.js';
import { columnMembers, columnName } from '../../lib/tracing/json-column.js';
import type { TraceTables } from '../../lib/tracing/tables.js';
import { TURN_MEMBERS, turnOf } from '../../lib/tracing/turn.js';
import { type ExportParams, parseEventReward } from './filters.js';
import {
  type CursorRow,
  type EventRow,
  type EventsRow,
  eventsSql,
  groupedIds,
  groupedRewardsSql,
  indexedEventsSql,
  type OutcomeRow,
  outcomesSql,
  quickQueries,
  rewardIds,
  type RewardRow,
  type RewardsRow,
  rewardsSql,
  type RowId,
  type TotalRow,
  totalsSql,
} from './session-queries.js';

/** A session to export: which of its rows its rows follow from, in order. */
export interface ListedSession {
  readonly id: string;
  /** What names its model calls, as `address` says, where the params name models of those that are of one of them. */
  readonly events: readonly RowId[];
  /** The same of its rewards that name achievements, and of the events they are for. */
  readonly rewards: readonly { readonly id: RowId | null; readonly event: RowId }[];
}

/** What keeps a session out: a filter by its param, or that none of its model calls names a model. */
export type Failed = Exclude<keyof ExportParams, 'exclude_achievements' | 'limit' | 'compat'> | 'no model name';

/** How many sessions were looked at, and how many of them pass the filters; of the others, how many fail by what first. */
export interface SessionCounts {
  sessions: number;
  eligible: number;
  readonly failed: Partial<Record<Failed, number>>;
}

/**
 * Lists the sessions that pass the filters, in the byte order of their ids.
 *
 * It reads small columns only, each table in one pass in session order, and of those only what the filters ask for:
 * memory does not grow with the database, and a filter that is off costs nothing.
 */
export function* eligibleSessions(
  db: Database,
  tables: TraceTables,
  params: ExportParams,
  counts: SessionCounts,
): Generator<ListedSession> {
  const open: SessionCursor<unknown>[] = [];
  const cursor = <Row>(sql: string | undefined) => {
    const made = new SessionCursor<Row>(
      sql === undefined ? [] : (db.prepare(sql).raw().iterate() as Iterable<CursorRow<Row>>),
    );
    open.push(made);
    return made;
  };
  const wanted = wantedFacts(params);
  const quick = quickQueries(db, tables);
  try {
    const events = cursor<EventRow | EventsRow>(
      wanted.models || !quick.events ? eventsSql(tables) : indexedEventsSql(db, tables),
    );
    const rewards = cursor<RewardRow | RewardsRow>(
      wanted.unique || !quick.rewards ? rewardsSql(tables, wanted.unique) : groupedRewardsSql(tables),
    );
    const outcomes = cursor<OutcomeRow>(wanted.unique || wanted.outcome ? outcomesSql(tables) : undefined);
    const totals = cursor<TotalRow>(wanted.totals.length > 0 ? totalsSql(tables) : undefined);
    for (;;) {
      const id = events.session;
      if (id === undefined) return;
      const session = {
        events: events.take(id),
        rewards: rewards.take(id),
        outcomes: outcomes.take(id),
        totals: totals.take(id),
      };
      counts.sessions++;
      const failed = failedBy(session, params, wanted);
      if (failed !== undefined) {
        counts.failed[failed] = (counts.failed[failed] ?? 0) + 1;
        continue;
      }
      counts.eligible++;
      const ids = exportedEvents(session.events, params.models);
      if (ids.length > 0) yield { id, events: ids, rewards: session.rewards.flatMap(rewardIds) };
    }
  } finally {
    for (const made of open) made.close();
  }
}

// ---- the filters ----

interface WantedFacts {
  readonly models: boolean;
  readonly unique: boolean;
  readonly outcome: boolean;
  readonly totals: readonly { readonly type: string; readonly min: number }[];
}

function wantedFacts(params: ExportParams): WantedFacts {
  return {
    models: params.models.length > 0 || params.providers.length > 0,
    unique: params.min_unique > 0 || params.max_unique !== undefined,
    outcome:
      params.require_achievements.length > 0 ||
      params.min_outcome_reward !== undefined ||
      params.max_outcome_reward !== undefined,
    totals: params.event_rewards.flatMap((text) => parseEventReward(text) ?? []),
  };
}

interface SessionFacts {
  readonly events: readonly (EventRow | EventsRow)[];
  readonly rewards: readonly (RewardRow | RewardsRow)[];
  readonly outcomes: readonly OutcomeRow[];
  readonly totals: readonly TotalRow[];
}

/** What a session fails by; undefined where it is to be exported. */
function failedBy(session: SessionFacts, params: ExportParams, wanted: WantedFacts): Failed | undefined {
  if (!session.events.some(hasModel)) return 'no model name';
  const dominant = wanted.models ? dominantModel(session.events.filter((row) => row.length === 4)) : undefined;
  if (dominant !== undefined) {
    if (params.models.length > 0 && !params.models.includes(dominant.model)) return 'models';
    if (params.providers.length > 0 && !params.providers.includes(dominant.provider ?? 'unknown')) return 'providers';
  }
  if (wanted.unique) {
    const count = uniqueAchievements(session, params);
    if (count < params.min_unique) return 'min_unique';
    if (count > (params.max_unique ?? Infinity)) return 'max_unique';
  }
  if (wanted.outcome) {
    const last = session.outcomes.at(-1);
    const total = last?.[1] ?? 0;
    const names = new Set(outcomeNames(columnMembers(last?.[2], OUTCOME_NAMES), params.compat));
    if (total < (params.min_outcome_reward ?? -Infinity)) return 'min_outcome_reward';
    if (total > (params.max_outcome_reward ?? Infinity)) return 'max_outcome_reward';
    if (!params.require_achievements.every((name) => names.has(name))) return 'require_achievements';
  }
  const hasRewards = wanted.totals.every(({ type, min }) => {
    const total = session.totals.find((row) => row[1] === type)?.[2];
    if (total === undefined) return params.compat === 'reference' && min <= 0;
    return total !== null && total >= min;
  });
  return hasRewards ? undefined : 'event_rewards';
}

function exportedEvents(events: readonly (EventRow | EventsRow)[], models: readonly string[]): readonly RowId[] {
  const ids: RowId[] = [];
  // By index: of ten thousands of rows, taking them apart is what takes long.
  for (const row of events) {
    if (row.length === 3) for (const id of groupedIds(row)) ids.push(id);
    else if (isAllowed(row[2], models)) ids.push(row[1]);
  }
  return ids;
}

function isAllowed(rawModel: unknown, models: readonly string[]): boolean {
  if (models.length === 0) return true;
  const model = columnName(rawModel);
  return model !== null && models.includes(model);
}

function hasModel(row: EventRow | EventsRow): boolean {
  return row.length === 3 ? row[2] === 1 : columnName(row[2]) !== null;
}

/** Of the model and provider pairs the most frequent; among equals the smallest model, then the smallest provider. */
function dominantModel(events: readonly EventRow[]): ModelPair | undefined {
  const first = events[0];
  // As nearly all sessions have it.
  if (first !== undefined && events.every((row) => row[2] === first[2] && row[3] === first[3])) {
    const model = columnName(first[2]);
    return model === null ? undefined : { model, provider: columnName(first[3]) || null };
  }
  const counts = new Map<string, { model: string; provider: string | null; count: number }>();
  for (const [, , rawModel, rawProvider] of events) {
    const model = columnName(rawModel);
    if (model === null) continue;
    const provider = columnName(rawProvider);
    const key = JSON.stringify([model, provider]);
    const pair = counts.get(key);
    if (pair === undefined) counts.set(key, { model, provider, count: 1 });
    else pair.count++;
  }
  let best: { model: string; provider: string | null; count: number } | undefined;
  for (const pair of counts.values()) {
    if (best === undefined || pair.count > best.count || (pair.count === best.count && precedes(pair, best)))
      best = pair;
  }
  return best && { model: best.model, provider: best.provider === '' ? null : best.provider };
}

interface ModelPair {
  readonly model: string;
  readonly provider: string | null;
}

function precedes(a: ModelPair, b: ModelPair): boolean {
  const models = compareBytes(a.model, b.model);
  if (models !== 0) return models < 0;
  if (a.provider === null || b.provider === null) return a.provider === null;
  return compareBytes(a.provider, b.provider) < 0;
}

function uniqueAchievements(session: SessionFacts, params: ExportParams): number {
  const names = new Set<string>();
  for (const row of session.rewards) {
    if (row.length === 2) continue;
    const [, , , type, annotation, metadata] = row;
    if (type !== UNIQUE_DELTA || turnOf(columnMembers(metadata, TURN_MEMBERS)?.get('turn')) === undefined) continue;
    for (const name of rewardNames(type, columnMembers(annotation, ANNOTATION_NAMES), params.compat) ?? [])
      names.add(name);
  }
  for (const [, , metadata] of session.outcomes) {
    for (const name of outcomeNames(columnMembers(metadata, OUTCOME_NAMES), params.compat)) names.add(name);
  }
  for (const name of params.exclude_achievements) names.delete(name);
  return names.size;
}

/** Surrogates, and what UTF-16 has before them in the order but UTF-8 behind. */
const HIGH = /[\ud800-\uffff]/;

/** Rows in the byte order of their sessions, taken a session at a time. */
class SessionCursor<Row> {
  private readonly rows: Iterator<CursorRow<Row>>;
  private row: CursorRow<Row> | undefined;

  constructor(rows: Iterable<CursorRow<Row>>) {
    this.rows = rows[Symbol.iterator]();
    this.advance();
  }

  /** The session of the next row. */
  get session(): string | undefined {
    return this.row?.[0];
  }

  /** The session's rows. Rows of sessions before it belong to none that is asked for, and are passed over. */
  take(session: string): Row[] {
    const taken: Row[] = [];
    while (this.row !== undefined && this.row[0] !== session && compareBytes(this.row[0], session) < 0) {
      this.advance();
    }
    while (this.row?.[0] === session) {
      taken.push(this.row);
      this.advance();
    }
    return taken;
  }

  close(): void {
    this.rows.return?.();
  }

  private advance(): void {
    const next = this.rows.next();
    this.row = next.done === true ? undefined : next.value;
  }
}

function compareBytes(a: string, b: string): number {
  // Without surrogates, which nearly none has, UTF-16 has the same order.
  if (!HIGH.test(a) && !HIGH.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
