import Database from 'better-sqlite3';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { SqliteInputHandle } from './handle-types.js';
import { openSqliteInput } from './handles-sqlite.js';
import type { RowsQuery } from './kind.js';
import { ShortRows, type AskedColumn } from './short-rows.js';
import { readContent } from './sqlite-content.js';
import { DatabaseMemories } from './sqlite-memories.js';
import { ValueHash, type SqliteValue } from './sqlite-values.js';

const LONG = 'x'.repeat(2000);

interface Looked {
  readonly path: string;
  readonly folder: string;
  /** Where its rows in short are. */
  readonly rows: string;
  readonly memories: DatabaseMemories;
}

/** A database that was digested, and what is remembered of it. */
async function looked(t: ExecutionContext, sql: string, rows: readonly (readonly unknown[])[] = []): Promise<Looked> {
  const at = mkdtempSync(join(tmpdir(), 'vlmbuild-short-rows-'));
  t.teardown(() => rmSync(at, { recursive: true, force: true }));
  const path = join(at, 'a.db');
  const db = new Database(path);
  db.pragma('synchronous = OFF');
  db.exec(sql);
  const insert = rows[0] && db.prepare(`INSERT INTO t VALUES (${rows[0].map(() => '?').join(', ')})`);
  db.transaction(() => {
    for (const row of rows) insert?.run(...row);
  })();
  db.close();
  const folder = join(at, 'memory');
  const memories = new DatabaseMemories(folder);
  const shortRows = memories.shortRowsOf(path);
  const content = await readContent(path, { shortRows });
  if (content?.memory !== undefined) memories.save(path, content.memory);
  return { path, folder, rows: shortRows, memories };
}

function sliceDigest({ path, folder }: Looked, query: RowsQuery, how: 'remembered' | 'read'): string {
  const input = { path, digest: `sha256:${'0'.repeat(64)}` } as const;
  const opened = openSqliteInput(input, how === 'read' ? undefined : { folder, target: 't' });
  const { digest } = (opened.handle as SqliteInputHandle).slice({ rows: query });
  opened.close();
  return digest;
}

function shortRowsOf({ path, rows, memories }: Looked): ShortRows {
  const index = memories.load(path)?.shortRows;
  const short = index && ShortRows.open(rows, index);
  if (short === undefined) throw new Error('there are rows in short');
  return short;
}

const NUMBERED = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a, b TEXT)';
const A: readonly AskedColumn[] = [{ field: 1, isBytes: false }];

test('what a row has is told, and that nothing is known of one', async (t) => {
  const ids = Array.from({ length: 3000 }, (_, i) => 3 * i);
  const database = await looked(
    t,
    NUMBERED,
    ids.map((id) => [id, id % 2 === 0 ? `a ${id}` : null, id % 7 === 0 ? 'short' : LONG]),
  );
  const short = shortRowsOf(database);
  const table = short.table('t');
  const told = (id: number): string | undefined => {
    const hash = new ValueHash();
    return table?.addTo(hash, id, A) === true ? hash.digest() : undefined;
  };
  const expected = (value: SqliteValue): string => {
    const hash = new ValueHash();
    hash.add(value);
    return hash.digest();
  };
  for (const id of [...ids, ...ids.toReversed(), 8997, 0, 4500, 3])
    t.is(told(id), id % 7 === 0 ? undefined : expected(id % 2 === 0 ? `a ${id}` : null));
  for (const id of [-1, 1, 8998, 1e12]) t.is(told(id), undefined);
  t.is(short.table('other'), undefined);
  short.close();
});

const value = fc.oneof(
  fc.constantFrom<unknown>(null, 1n, -(1n << 60n), 0.5, 3.0, '', 'é', 'a\u0000b', '\ufffd', LONG, `é${LONG}`),
  fc.constantFrom(Buffer.alloc(0), Buffer.alloc(1024, 1), Buffer.alloc(1025, 1), Buffer.from(LONG)),
  fc.constantFrom('x'.repeat(1024), 'x'.repeat(1025), 'é'.repeat(512), `${'é'.repeat(512)}x`),
);
/** Texts that are no UTF-8. */
const odd = fc.constantFrom(Buffer.from([0xff]), Buffer.concat([Buffer.from(LONG), Buffer.from([0xfe])]));
const columns = fc.uniqueArray(fc.constantFrom('id', 'rowid', 'a', 'b', 'c', 'd', 'e'), { minLength: 1 });

test('the digest of a slice is the same with them', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(value, value, value, value, fc.option(odd, { freq: 6 })), { minLength: 1, maxLength: 30 }),
      columns,
      fc.subarray(['a', 'b', 'c', 'd', 'e']),
      async (rows, asked, bytes) => {
        const database = await looked(
          t,
          `CREATE TABLE t (id INTEGER PRIMARY KEY, a, b TEXT, c REAL, d BLOB, e);
           CREATE TRIGGER texts AFTER INSERT ON t WHEN new.e IS NOT NULL
             BEGIN UPDATE t SET a = CAST(new.e AS TEXT) WHERE id = new.id; END`,
          rows.map((row, i) => [2 * i, ...row]),
        );
        const query: RowsQuery = {
          table: 't',
          by: 'id',
          values: [...rows.keys(), 2, 1, 0],
          columns: asked,
          bytes: asked.filter((column) => bytes.some((other) => other === column)),
        };
        t.is(sliceDigest(database, query, 'remembered'), sliceDigest(database, query, 'read'));
      },
    ),
    { seed: 5, numRuns: 150 },
  );
});

test('tables whose rows come in no order of an integer, and such whose names differ in case, are as they are read', async (t) => {
  const database = await looked(t, 'CREATE TABLE t (name TEXT PRIMARY KEY, b); CREATE TABLE u (b)', [
    ['z', LONG],
    ['a', LONG],
  ]);
  for (const [table, by] of [
    ['t', 'rowid'],
    ['T', 'rowid'],
    ['u', 'rowid'],
  ] as const) {
    const query: RowsQuery = { table, by, values: [1, 2, 3], columns: ['b'], bytes: ['b'] };
    t.is(sliceDigest(database, query, 'remembered'), sliceDigest(database, query, 'read'));
  }
});

test('rows of which one is longer than what is held of a table are as they are read', async (t) => {
  const names = Array.from({ length: 90 }, (_, i) => `c${i}`);
  const row = (number: number): unknown[] =>
    names.map((_, i) => (i === 40 ? LONG : i === 89 ? null : `${number} ${'y'.repeat(900)}`));
  const database = await looked(
    t,
    `CREATE TABLE t (${names.join(', ')})`,
    [1, 2, 3].map((number) => row(number)),
  );
  const query: RowsQuery = { table: 't', by: 'rowid', values: [1, 2, 3], columns: ['c0'] };
  t.is(sliceDigest(database, query, 'remembered'), sliceDigest(database, query, 'read'));
});

test('a file of them that is damaged, short, of other rows or gone is as none', async (t) => {
  const rows = Array.from({ length: 900 }, (_, id) => [id, `a ${id}`, `${LONG}${id}`]);
  const database = await looked(t, NUMBERED, rows);
  const query: RowsQuery = { table: 't', by: 'id', values: [...rows.keys()], columns: ['a', 'b'], bytes: ['b'] };
  const read = sliceDigest(database, query, 'read');
  const bytes = readFileSync(database.rows);
  const check = (): void => {
    t.is(sliceDigest(database, query, 'remembered'), read);
  };
  check();
  const flipped = Buffer.from(bytes);
  for (let at = 40; at < flipped.length; at += 5000) flipped.writeUInt8((flipped[at] ?? 0) ^ 1, at);
  writeFileSync(database.rows, flipped);
  check();
  writeFileSync(database.rows, bytes);
  truncateSync(database.rows, bytes.length - 1);
  check();
  // As another build would write it at the same time.
  const other = rows.map(([id, a, b]) => [id, `${String(a)}!`, b]);
  writeFileSync(database.rows, readFileSync((await looked(t, NUMBERED, other)).rows));
  check();
  rmSync(database.rows);
  check();
});

test('they are of one state of a database, and go with it', async (t) => {
  const rows = Array.from({ length: 100 }, (_, id) => [id, `a ${id}`, LONG]);
  const database = await looked(t, NUMBERED, rows);
  const { path, memories } = database;
  const query: RowsQuery = { table: 't', by: 'id', values: [1, 2], columns: ['a'] };
  const before = sliceDigest(database, query, 'read');
  const db = new Database(path);
  db.exec("UPDATE t SET a = 'other' WHERE id = 2");
  db.close();
  const after = sliceDigest(database, query, 'read');
  t.not(after, before);
  t.is(sliceDigest(database, query, 'remembered'), after);
  const content = await readContent(path, {
    before: () => memories.load(path),
    shortRows: memories.shortRowsOf(path),
  });
  if (content?.memory !== undefined) memories.save(path, content.memory);
  t.is(memories.load(path)?.shortRows, undefined);
  t.false(existsSync(database.rows));
  t.is(sliceDigest(database, query, 'remembered'), after);
});
