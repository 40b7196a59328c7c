import {
  defineRule,
  jsonl,
  sqlite,
  UserError,
  type JsonObject,
  type RowsQuery,
  type SliceQuery,
  type SqliteInput,
} from 'vlmbuild';
import { copyLines } from '../lib/jsonl.js';
import { addCounts, countsText, plural } from '../lib/counts.js';
import { shownPath } from '../lib/paths.js';
import { type TraceTables, traceTables, unreadable } from '../lib/tracing/tables.js';
import { type ExportParams, exportParams } from './export/filters.js';
import { namesByTurn, writeRows } from './export/rows.js';
import { callCount, sessionRewardsSql } from './export/session-queries.js';
import { eligibleSessions, type ListedSession, type SessionCounts } from './export/sessions.js';

/** Skipped events a session names in the log; beyond that they are only counted. */
const NAMED = 20;

/**
 * Sessions are parts: a session's rows follow from its own model calls and rewards alone. Which sessions there are, and
 * which pass the filters, is decided while they are listed; so other filters make no session again.
 */
export default defineRule({
  summary: 'Export a trace database as chat rows for fine-tuning, one for each model call.',
  params: exportParams,
  inputs: { db: sqlite() },
  outputs: { rows: jsonl() },

  *parts({ inputs, params }) {
    const path = shownPath(inputs.db.path);
    try {
      yield* listedSessions(inputs.db, path, params);
    } catch (error) {
      // Damage far inside is seen when it is come to.
      throw unreadable(path, error);
    }
  },

  make({ spec, inputs, outputs, log }) {
    const skipped: Record<string, number> = {};
    let named = 0;
    const rows = writeRows(
      inputs.trace.rows('events'),
      {
        session: spec.session,
        compat: spec.compat,
        names: namesByTurn(
          spec.rewarded ? inputs.trace.rows('rewards') : [],
          spec.rewarded ? inputs.trace.rows('rewarded') : [],
          spec.compat,
        ),
        skipped(reason, event, record) {
          skipped[reason] = (skipped[reason] ?? 0) + 1;
          if (++named > NAMED) return;
          log(`skipped event ${String(event)}${record === undefined ? '' : `, record ${record}`}: ${reason}`);
        },
      },
      outputs.rows,
    );
    if (named > NAMED) log(`skipped ${named - NAMED} more`);
    return { rows, skipped };
  },

  async assemble({ parts, params, outputs, join, log }) {
    const limit = params.limit ?? Infinity;
    if (params.limit === undefined) join('rows');
    const skipped: Record<string, number> = {};
    let rows = 0;
    let sessions = 0;
    for (const part of parts) {
      addCounts(skipped, part.meta['skipped'] as JsonObject);
      const own = Number(part.meta['rows']);
      if (own === 0 || rows >= limit) continue;
      if (params.limit !== undefined) await copyLines(part.outputs.rows, outputs.rows, limit - rows);
      rows = Math.min(limit, rows + own);
      sessions++;
    }
    const skips = countsText(skipped);
    if (rows === 0) {
      throw new UserError('the sessions that pass the filters have no rows to export', {
        next: skips === '' ? undefined : `what was skipped: ${skips}`,
      });
    }
    log(`${plural(rows, 'row')} of ${plural(sessions, 'session')}${skips === '' ? '' : `; skipped: ${skips}`}`);
  },
});

function* listedSessions(input: SqliteInput, path: string, params: ExportParams) {
  const db = input.open();
  try {
    // All tables are listed from one snapshot, while others may write.
    if (!db.inTransaction) db.exec('BEGIN');
    const tables = traceTables(db, path);
    const counts: SessionCounts = { sessions: 0, eligible: 0, failed: {} };
    for (const session of eligibleSessions(db, tables, params, counts)) {
      yield {
        id: partId(session.id),
        // In the order in which it is printed: of 10,000 it takes long to put each in order.
        spec: { compat: params.compat, rewarded: session.rewards.length > 0, session: session.id },
        inputs: { trace: sliceOf(input, tables, session) },
      };
    }
    if (counts.sessions === 0) throw noSessions(path, callCount(db));
    if (counts.eligible === 0) throw noneEligible(path, counts);
  } finally {
    db.close();
  }
}

function noSessions(path: string, calls: number): UserError {
  if (calls === 0) {
    return new UserError(`\`${path}\` holds no model calls to export`, {
      next: 'record episodes into it first; only events of the type `cais` are exported',
    });
  }
  return new UserError(`none of the ${plural(calls, 'model call')} of \`${path}\` is of a session`, {
    next: 'look at `session_id` in `events`: a session is named by a text',
  });
}

function noneEligible(path: string, { sessions, failed }: SessionCounts): UserError {
  const which = sessions === 1 ? 'the only session' : `none of the ${sessions} sessions`;
  const passes = sessions === 1 ? 'does not pass' : 'passes';
  const isNamed = Object.keys(failed).some((name) => name !== 'no model name');
  return new UserError(`${which} of \`${path}\` ${passes} the filters: ${countsText(failed)}`, {
    next: isNamed
      ? 'loosen these under `params`'
      : 'record the model with each call: a session of which no model call names its model is not exported',
  });
}

/** A session's name, which may be anything; where it could be mistaken, or would break a line, in quotes. */
function partId(session: string): string {
  // As nearly all are.
  if (/^[!#-~][ -~]*$/.test(session)) return session;
  if (!/^$|^"|[\p{Cc}\p{Zl}\p{Zp}]/u.test(session)) return session;
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(session).replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, escaped);
}

const OF_CALL = ['id', 'model_name', 'provider', 'metadata', 'call_records'];
const BYTES_OF_CALL = ['call_records'];
const OF_REWARDED = ['id', 'metadata'];

/** All that a session's rows follow from. Rows come by id, one at a time: sorting whole rows would copy the database. */
function sliceOf(db: SqliteInput, tables: TraceTables, session: ListedSession) {
  const { eventRewards } = tables;
  const { address = 'id' } = tables.events;
  const events: RowsQuery = {
    table: 'events',
    by: address,
    values: session.events,
    columns: OF_CALL,
    bytes: BYTES_OF_CALL,
  };
  if (eventRewards === undefined || session.rewards.length === 0) return db.slice({ events });
  const values = [...new Set(session.rewards.map(({ event }) => event))];
  return db.slice({
    events,
    rewards: rewardsOf(eventRewards, session),
    rewarded: { table: 'events', by: address, values, columns: OF_REWARDED },
  });
}

function rewardsOf(table: NonNullable<TraceTables['eventRewards']>, session: ListedSession): SliceQuery {
  const columns = ['event_id', 'reward_type', 'annotation'].filter((column) => table.has(column));
  if (table.address === undefined) return { sql: sessionRewardsSql(table, columns), args: [session.id] };
  return {
    table: 'event_rewards',
    by: table.address,
    values: session.rewards.flatMap(({ id }) => id ?? []),
    columns,
  };
}
