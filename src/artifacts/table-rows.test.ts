import Database from 'better-sqlite3';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { RowsQuery } from './kind.js';
import { pageLayout } from './sqlite-pages.js';
import { Queries } from './sqlite-queries.js';
import { TableRows } from './table-rows.js';

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'vlmbuild-rows-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const SCHEMA = `
  CREATE TABLE keyed (id INTEGER PRIMARY KEY, a TEXT, b, i BIGINT, c JSON, n REAL);
  CREATE TABLE plain (a TEXT, b, i INTEGER, c JSON, n REAL);
  CREATE TABLE named (id TEXT PRIMARY KEY, a, b, i, c, n);
  CREATE TABLE backwards (id INTEGER PRIMARY KEY DESC, a, b, i INTEGER, c, n);
  CREATE TABLE computed (id INTEGER PRIMARY KEY, a, b AS (a || 1), i INTEGER, c, n);
  CREATE TABLE pairs (id INTEGER PRIMARY KEY, a, b, i INTEGER, c, n) WITHOUT ROWID;`;
const TABLES = ['keyed', 'plain', 'named', 'backwards', 'computed', 'pairs'];

const length = fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 5000 }), fc.constantFrom(477, 478, 4061, 4062, 40_000));
const value = fc.oneof(
  { weight: 60, arbitrary: length.map((n) => 'xy'.repeat(n)) },
  { weight: 30, arbitrary: length.map((n) => 'é\u0000☃'.repeat(n >> 2)) },
  { weight: 20, arbitrary: length.map((n) => Buffer.alloc(n, n)) },
  { weight: 20, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom<unknown[]>(7, 2.5, 1n, -1n, 1n << 62n, 'not UTF-8') },
);
const id = fc.oneof({ weight: 30, arbitrary: fc.nat({ max: 40 }) }, fc.constantFrom(-3, 2 ** 40, 2 ** 53 - 1));
/** Of each size in which integers are stored; and what is none, though the column is made for them. */
const integer = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.constantFrom<unknown[]>(
      0n,
      1n,
      2n,
      -1n,
      127n,
      -128n,
      128n,
      32_767n,
      -32_769n,
      8_388_608n,
      -8_388_609n,
      null,
    ),
  },
  {
    weight: 10,
    arbitrary: fc.constantFrom<unknown[]>((1n << 31n) - 1n, -(1n << 31n), 1n << 31n, (1n << 47n) - 1n, -(1n << 47n)),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown[]>(1n << 47n, -(1n << 63n), 2.5, 3, '12', 'xy', Buffer.from('7')) },
);
/** Of the others none is read from pages. */
const table = fc.constantFrom('keyed', 'keyed', 'keyed', 'plain', 'plain', ...TABLES);
const row = fc.tuple(table, id, value, value, integer, value);
const edit = fc.oneof(
  { weight: 4, arbitrary: id.map((n) => (table: string) => `DELETE FROM ${table} WHERE rowid = ${n}`) },
  { weight: 2, arbitrary: id.map((n) => (table: string) => `UPDATE ${table} SET a = 'q' WHERE rowid > ${n}`) },
  fc.constant((table: string) => `ALTER TABLE ${table} ADD COLUMN late DEFAULT 'now'`),
  fc.constant(() => 'VACUUM'),
);
const database = fc.record({
  size: fc.constantFrom(512, 1024, 4096, 4096, 65_536),
  vacuum: fc.constantFrom(0, 0, 1),
  reserved: fc.constantFrom(0, 0, 0, 12, 32),
  rows: fc.array(row, { maxLength: 120, minLength: 40 }),
  edits: fc.array(fc.tuple(fc.constantFrom(...TABLES), edit), { maxLength: 3 }),
});
const query = fc.record({
  table,
  by: fc.constantFrom('id', 'rowid', 'ROWID'),
  values: fc.array(fc.oneof({ weight: 80, arbitrary: id }, fc.constant('17')), { maxLength: 60 }),
  columns: fc.oneof(
    { weight: 4, arbitrary: fc.subarray(['rowid', 'a', 'B', 'i', 'c'], { minLength: 1 }) },
    fc.uniqueArray(fc.constantFrom('id', 'rowid', 'a', 'B', 'i', 'c', 'n', 'late'), { minLength: 1 }),
  ),
  bytes: fc.subarray(['a', 'B', 'i']),
});

type Content = typeof database extends fc.Arbitrary<infer T> ? T : never;

function write(path: string, { size, vacuum, reserved, rows, edits }: Content) {
  const empty = new Database(path);
  empty.pragma(`page_size = ${size}`);
  empty.pragma(`auto_vacuum = ${vacuum}`);
  empty.pragma('user_version = 1');
  empty.close();
  if (reserved > 0) reserve(path, size, reserved);
  const db = new Database(path);
  db.pragma('synchronous = OFF');
  db.exec(SCHEMA);
  const columns = (table: string) =>
    table === 'plain' ? 'rowid, a, b, i, c' : `id, a, ${table === 'computed' ? 'n' : 'b'}, i, c`;
  for (const [table, number, ...values] of rows) {
    const places = values.map((each) => (each === 'not UTF-8' ? "CAST(x'c3' AS TEXT)" : '?'));
    db.prepare(`INSERT OR REPLACE INTO ${table} (${columns(table)}) VALUES (?, ${places.join(', ')})`).run(
      table === 'named' ? `n${number}` : BigInt(number),
      ...values.filter((each) => each !== 'not UTF-8'),
    );
  }
  for (const [table, sql] of edits) {
    try {
      db.exec(sql(table));
    } catch (error) {
      if (!/no such column: rowid|duplicate column/.test(String(error))) throw error;
    }
  }
  db.close();
}

/** Leaves bytes at the end of each page unused, as extensions do that keep something there: of a database that is empty. */
function reserve(path: string, size: number, bytes: number) {
  const file = readFileSync(path);
  const [reserved, contentStart] = [20, 100 + 5];
  file.writeUInt8(bytes, reserved);
  file.writeUInt16BE(size - bytes, contentStart);
  writeFileSync(path, file);
}

/** What each row was when it came: bytes may be others by the time of the next. */
function said(work: () => Iterable<Record<string, unknown>>): unknown {
  try {
    return Array.from(work(), (each) =>
      Object.entries(each).map(([name, it]) => [name, Buffer.isBuffer(it) ? it.toString('hex') : it]),
    );
  } catch (error) {
    return (error as Error).message;
  }
}

test('named rows are the same from pages and from SQLite', (t) => {
  const path = folder(t);
  let [number, taken] = [0, 0];
  fc.assert(
    fc.property(database, fc.array(query, { minLength: 1, maxLength: 12 }), (content, asked) => {
      const file = join(path, `${number++}.db`);
      write(file, content);
      const db = new Database(file, { readonly: true });
      const handle = openSync(file, 'r');
      db.exec('BEGIN');
      const layout = pageLayout(handle);
      if (layout === undefined) throw new Error('a database has a layout');
      const [pages, sqlite] = [new Queries(db, file, handle), new Queries(db, file)];
      for (const each of asked) {
        t.deepEqual(
          said(() => pages.rows('q', each)),
          said(() => sqlite.rows('q', each)),
        );
        const digest = (queries: Queries) => said(() => [{ digest: queries.digest('q', each) }]);
        t.deepEqual(digest(pages), digest(sqlite));
        const rows = each.columns.includes('late') ? undefined : TableRows.of(db, handle, layout, each);
        for (const one of each.values) if (Array.isArray(rows?.read(one))) taken++;
      }
      db.close();
      closeSync(handle);
      rmSync(file);
    }),
    { seed: 3, numRuns: 150 },
  );
  t.true(taken > 500, `only ${taken} rows came from pages`);
});

test('a damaged page gives no row that is none, and ends', (t) => {
  const file = join(folder(t), 'a.db');
  const db = new Database(file);
  db.pragma('page_size = 512');
  db.exec('CREATE TABLE e (id INTEGER PRIMARY KEY, a, b)');
  for (let i = 1; i <= 300; i++) db.prepare('INSERT INTO e VALUES (?, ?, ?)').run(i, 'x'.repeat(i * 7), 'y');
  const asked: RowsQuery = { table: 'e', by: 'id', values: [], columns: ['id', 'b'] };
  const whole = readFileSync(file);
  const place = fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 511 }));
  let odd = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), place, fc.nat({ max: 255 })), { minLength: 1, maxLength: 99 }),
      (damage) => {
        const bytes = Buffer.from(whole);
        for (const [page, at, byte] of damage) bytes[(1 + (page % (bytes.length / 512 - 1))) * 512 + at] = byte;
        const path = `${file}-damaged`;
        writeFileSync(path, bytes);
        const handle = openSync(path, 'r');
        const layout = pageLayout(handle);
        if (layout !== undefined) {
          const rows = TableRows.of(db, handle, layout, asked);
          for (let i = 1; i <= 300; i++) {
            const found = rows?.read(i);
            if (Array.isArray(found)) t.is(found.length, 2);
            else if (found === 'odd') odd++;
          }
        }
        closeSync(handle);
      },
    ),
    { seed: 3, numRuns: 100 },
  );
  t.true(odd > 30, `only ${odd} were odd`);
  db.close();
});

test('rows are whole however long they are, and in whatever order', (t) => {
  const file = join(folder(t), 'a.db');
  const db = new Database(file);
  db.exec('CREATE TABLE e (id INTEGER PRIMARY KEY, name TEXT, a)');
  const lengths = [10, 5_000_000, 70_000, 300_000, 4_200_000, 0, 9_000_000, 1_000_000, 20];
  const valueOf = (id: number) => Buffer.alloc(lengths[id] ?? 0, 65 + id).toString();
  for (const id of lengths.keys()) db.prepare('INSERT INTO e VALUES (?, ?, ?)').run(id, `n${id >> 1}`, valueOf(id));
  const handle = openSync(file, 'r');
  const layout = pageLayout(handle);
  if (layout === undefined) return t.fail();
  const asked: RowsQuery = { table: 'e', by: 'id', values: [], columns: ['name', 'a'], bytes: ['a'] };
  const rows = TableRows.of(db, handle, layout, asked);
  for (const id of [0, 1, 4, 2, 6, 0, 8, 3, 5, 7, 1, 1, 6, 9, 3]) {
    const found = rows?.read(id);
    if (id === 9) t.is(found, 'absent');
    else t.true(Array.isArray(found) && found[0] === `n${id >> 1}` && found[1]?.toString() === valueOf(id), `${id}`);
  }
  closeSync(handle);
  db.close();
});
