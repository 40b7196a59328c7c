import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import test from 'ava';
import { type Digest } from '../base/digest.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { SqliteInput } from '../rule/roles.js';
import type { InputHandleByKind } from './handle-types.js';
import { openInput, openSlice, Readings, SliceChanged, sliceOf, sliceValues } from './handles.js';
import { codeOf, folder, input, NO_DIGEST, output, sessions } from './handles-for-tests.js';

const ROWS = { sql: 'SELECT x, id FROM e WHERE session = ? ORDER BY id', args: ['a'] };

test('values come out of a slice as they are in the database', (t) => {
  const path = join(folder(t), 'a.db');
  const values = [
    null,
    1n,
    9007199254740991n,
    -9007199254740991n,
    9007199254740992n,
    -9007199254740992n,
    0.5,
    'text',
    Buffer.from([0, 255]),
  ];
  values.push((1n << 63n) - 1n, -(1n << 63n), '', Buffer.alloc(0));
  sessions(
    path,
    values.map((value) => ['a', value]),
  );
  const slice = input(t, 'sqlite', path).slice({ rows: ROWS });
  const expected = values.map((value) =>
    typeof value === 'bigint' && value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(value)
      : value,
  );
  t.deepEqual(
    [...slice.rows('rows')].map((row) => row['x']),
    expected,
  );
  t.deepEqual(Object.keys([...slice.rows('rows')][0] ?? {}), ['x', 'id']);
});

test('the digest of a slice is of its rows and columns, not of how they are asked for or what else there is', (t) => {
  const at = folder(t);
  const digestOf = (
    rows: readonly (readonly [string, unknown])[],
    queries: Parameters<SqliteInput['slice']>[0] = { rows: ROWS },
  ): Digest => {
    const path = join(at, 'a.db');
    sessions(path, rows);
    const opened = openInput({ kind: 'sqlite', path, digest: NO_DIGEST });
    const { digest } = (opened.handle as InputHandleByKind['sqlite']).slice(queries);
    opened.close();
    return digest;
  };
  const base = digestOf([
    ['a', 1n],
    ['a', 'two'],
    ['b', 3n],
  ]);
  t.is(
    digestOf([
      ['a', 1n],
      ['a', 'two'],
      ['b', 4n],
      ['c', 5n],
    ]),
    base,
  );
  t.is(
    digestOf(
      [
        ['z', 1n],
        ['z', 'two'],
      ],
      { rows: { sql: ROWS.sql, args: ['z'] } },
    ),
    base,
  );
  t.not(
    digestOf(
      [
        ['a', 1n],
        ['a', 'two'],
      ],
      { other: ROWS },
    ),
    base,
  );
  t.not(
    digestOf(
      [
        ['a', 1n],
        ['a', 'two'],
      ],
      { rows: { ...ROWS, sql: ROWS.sql.replace('x, id', 'x AS y, id') } },
    ),
    base,
  );
  for (const rows of [
    [
      ['a', 1],
      ['a', 'two'],
    ],
    [
      ['a', 1n],
      ['a', Buffer.from('two')],
    ],
    [['a', 1n]],
    [
      ['a', 'two'],
      ['a', 1n],
    ],
    [
      ['a', null],
      ['a', 'two'],
    ],
  ] as const)
    t.not(digestOf(rows), base);
});

test('a slice is read again elsewhere in one moment, and a change is noticed', (t) => {
  const path = join(folder(t), 'a.db');
  sessions(path, [
    ['a', 'one'],
    ['b', 'two'],
  ]);
  const listed = input(t, 'sqlite', path).slice({ rows: ROWS, count: { sql: 'SELECT count(*) AS n FROM e' } });
  const slice = structuredClone(sliceValues(sliceOf(listed)));
  const open = () => {
    const readings = new Readings();
    const opened = openSlice(slice, readings);
    t.teardown(() => readings.close());
    return opened.handle as typeof listed;
  };
  const early = open();
  t.deepEqual([...early.rows('rows')], [{ x: 'one', id: 1 }]);
  const writer = new Database(path);
  writer.exec("INSERT INTO e (session, x) VALUES ('b', 'three')");
  t.deepEqual([...early.rows('count')], [{ n: 2 }]);
  t.deepEqual([...open().rows('rows')], [{ x: 'one', id: 1 }]);
  t.throws(() => [...open().rows('count')], { instanceOf: SliceChanged });
  writer.close();
  t.is(codeOf(t.throws(() => early.rows('none'), { instanceOf: UserFacingError })), 'VB712');
});

test('named rows are those that a reader finds, wherever a writer has left them', (t) => {
  const path = join(folder(t), 'a.db');
  sessions(
    path,
    Array.from({ length: 40 }, (_, index) => ['a', `old ${index}`] as const),
  );
  const values = [3, 17, 99, 40];
  const read = () => {
    const handle = input(t, 'sqlite', path);
    return [...handle.slice({ q: { table: 'e', by: 'id', values, columns: ['x'] } }).rows('q')].map(({ x }) => x);
  };
  t.deepEqual(read(), ['old 2', 'old 16', 'old 39']);
  const writer = new Database(path);
  writer.pragma('journal_mode = WAL');
  writer.pragma('wal_autocheckpoint = 0');
  writer.exec("UPDATE e SET x = 'new' WHERE id < 20");
  t.deepEqual(read(), ['new', 'new', 'old 39']);
  writer.pragma('wal_checkpoint(TRUNCATE)');
  t.deepEqual(read(), ['new', 'new', 'old 39']);
  writer.close();
});

test('a large result is streamed once its digest is known', (t) => {
  const path = join(folder(t), 'a.db');
  sessions(
    path,
    Array.from({ length: 9 }, (_, index) => ['a', Buffer.alloc(8 << 20, index)] as const),
  );
  const slice = input(t, 'sqlite', path).slice({ rows: ROWS });
  const readings = new Readings();
  const opened = openSlice(sliceOf(slice), readings);
  t.deepEqual(
    [...(opened.handle as typeof slice).rows('rows')].map((row) => (row['x'] as Buffer)[7]),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  readings.close();
});

test('queries that are wrong, that write or that name a column twice are told', (t) => {
  const path = join(folder(t), 'a.db');
  sessions(path, [['a', 1n]]);
  const handle = input(t, 'sqlite', path);
  for (const [sql, words] of [
    ['SELECT y FROM e', /no such column/],
    ['SELEC', /syntax error/],
    ['DELETE FROM e', /only read/],
    ['DELETE FROM e RETURNING *', /only read/],
    ['SELECT 1; SELECT 2', /more than one/],
    ['SELECT id, id FROM e', /called `id`/],
    ['SELECT id FROM e WHERE id = ?', /parameter/],
  ] as const) {
    const error = t.throws(() => handle.slice({ q: { sql } }), { instanceOf: UserFacingError });
    t.is(codeOf(error), 'VB711');
    t.regex(error.message, words);
  }
  const database = handle.open();
  t.throws(() => database.exec('DELETE FROM e'), { any: true });
  database.close();
});

test('an output database is one that a rule may leave open; what was read leaves the source as it was', async (t) => {
  const at = folder(t);
  const path = join(at, 'made', 'a.db');
  const { handle, finish } = output('sqlite', path);
  handle.open().exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)');
  handle.open().exec('INSERT INTO t VALUES (2)');
  finish();
  t.is(codeOf(t.throws(() => handle.open(), { instanceOf: UserFacingError })), 'VB719');
  const before = readFileSync(path);
  const read = input(t, 'sqlite', path);
  const database = read.open();
  t.is(database.prepare('SELECT sum(x) FROM t').pluck().get(), 3);
  t.deepEqual(readFileSync(path), before);
});
