import Database from 'better-sqlite3';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { PageWindow } from './page-window.js';
import { ChunkDigests } from './sqlite-chunks.js';
import { readContent } from './sqlite-content.js';
import { sqliteDigest } from './sqlite-digest.js';
import { pageLayout } from './sqlite-pages.js';
import { isRealType, TableScan, type ScannedColumn } from './table-scan.js';

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'vlmbuild-scan-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function written(path: string, write: (db: Database.Database) => void): string {
  const db = new Database(path);
  db.pragma('synchronous = OFF');
  write(db);
  db.close();
  return path;
}

const TYPES = [
  '',
  'TEXT',
  'INTEGER',
  'INT',
  'REAL',
  'FLOAT',
  'DOUBLE PRECISION',
  'NUMERIC',
  'BLOB',
  'JSON',
  'DATETIME',
];
const ODD_TYPES = ['FLOATING POINT', 'REAL BLOB', 'realtext', 'Doubled', 'CHARINT', 'STRING', 'floaclob'];

const whole = fc.oneof(
  fc.integer({ min: -200, max: 200 }).map(BigInt),
  fc.constantFrom(8, 15, 16, 23, 24, 31, 32, 47, 48, 52, 53, 62).map((bits) => 1n << BigInt(bits)),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
);
const length = fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 5000 }), fc.constantFrom(477, 478, 4061, 4062, 70_000));
const value = fc.oneof(
  whole,
  whole.map((n) => n - 1n),
  whole.map((n) => Number(n)),
  fc.double({ noNaN: true }),
  fc.constantFrom(-0, 0, 1, 2 ** 47, 2 ** 48, Infinity, -Infinity),
  fc.constant(null),
  length.map((n) => 'é\u0000☃x'.repeat(n >> 2)),
  length.map((n) => Buffer.alloc(n, n)),
  fc.constantFrom('', '12', '1.50', 'x\ufffdy', Buffer.of()),
);
const table = fc.record({
  columns: fc.array(fc.constantFrom(...TYPES, ...ODD_TYPES), { minLength: 1, maxLength: 6 }),
  key: fc.constantFrom(
    '',
    '',
    'id INTEGER PRIMARY KEY,',
    'id integer primary key,',
    'id INTEGER PRIMARY KEY DESC,',
    'id INT PRIMARY KEY,',
  ),
  rows: fc.array(fc.tuple(fc.nat({ max: 300 }), fc.array(value, { minLength: 6, maxLength: 6 })), { maxLength: 90 }),
  later: fc.constantFrom('', '', '', 'ADD COLUMN late', "ADD COLUMN late TEXT DEFAULT 'now'", 'DROP COLUMN c0'),
});

test('what a scan finds in any rows is what SQLite reads', async (t) => {
  const at = folder(t);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(table, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(512, 1024, 4096, 65_536),
      fc.boolean(),
      async (tables, size, isVacuumed) => {
        const path = written(join(at, `${number++}.db`), (db) => {
          db.pragma(`page_size = ${size}`);
          for (const [n, { columns, key, rows, later }] of tables.entries()) {
            const names = columns.map((_, i) => `c${i}`);
            const keep = 'c9';
            const declared = [...columns.map((type, i) => `c${i} ${type}`), `${keep} TEXT`].join(', ');
            db.exec(`CREATE TABLE t${n} (${key} ${declared})`);
            const places = ['rowid', ...names].map(() => '?').join(', ');
            const id = /^id/.test(key) ? 'id' : 'rowid';
            const insert = db.prepare(`INSERT OR REPLACE INTO t${n} (${id}, ${names.join(', ')}) VALUES (${places})`);
            for (const [rowid, values] of rows) insert.run(BigInt(rowid), ...values.slice(0, names.length));
            if (later !== '') db.exec(`ALTER TABLE t${n} ${later}`);
            db.exec(`DELETE FROM t${n} WHERE rowid % 7 = 3`);
          }
          if (isVacuumed) db.exec('VACUUM');
        });
        const content = await readContent(path, {});
        t.is(content?.digest, await sqliteDigest(path));
        rmSync(path);
      },
    ),
    { seed: 11, numRuns: 120 },
  );
});

/** What a scan says of a table, row by row. */
function scanned(path: string, columns: readonly ScannedColumn[], table = 't') {
  const db = new Database(path, { readonly: true });
  const root = db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(table) as number;
  db.close();
  const file = openSync(path, 'r');
  const layout = pageLayout(file);
  if (layout === undefined) throw new Error('it is a database');
  const scan = new TableScan(new PageWindow(file, layout), root, columns);
  const digests = new ChunkDigests();
  const rows: number[] = [];
  let found = scan.next();
  for (; found === 'row'; found = scan.next()) {
    rows.push(scan.rowid);
    scan.addTo(digests);
    digests.row();
  }
  closeSync(file);
  return { rows, found };
}

const PLAIN = { isRowid: false, isReal: false };

test('all rows of usual tables are found without SQLite, in order', (t) => {
  const path = written(join(folder(t), 'a.db'), (db) => {
    db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b REAL, c)');
    const insert = db.prepare('INSERT INTO t VALUES (?, ?, ?, ?)');
    for (let id = 2000; id > 0; id--) insert.run(id * 3, 'x'.repeat((id % 5) * 2500), id, null);
  });
  const columns = [{ ...PLAIN, isRowid: true }, PLAIN, { ...PLAIN, isReal: true }, PLAIN];
  t.deepEqual(scanned(path, columns), { rows: Array.from({ length: 2000 }, (_, i) => (i + 1) * 3), found: 'end' });
});

test('rows from before a column was added, and a page that is no part of a table, are odd', (t) => {
  const path = written(join(folder(t), 'a.db'), (db) => {
    db.exec(
      'CREATE TABLE t (a); INSERT INTO t VALUES (1); ALTER TABLE t ADD COLUMN b DEFAULT 5; CREATE INDEX i ON t (a)',
    );
  });
  t.deepEqual(scanned(path, [PLAIN, PLAIN]).found, 'odd');
  t.deepEqual(scanned(path, [PLAIN], 'i').found, 'odd');
});

test('whatever bytes a page has, a scan comes to an end', (t) => {
  const at = folder(t);
  const path = written(join(at, 'a.db'), (db) => {
    db.exec('CREATE TABLE t (a, b)');
    for (let n = 0; n < 60; n++) db.prepare('INSERT INTO t VALUES (?, ?)').run('x'.repeat(n * 300), n);
  });
  const bytes = readFileSync(path);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 4096, max: bytes.length - 1 }), fc.nat({ max: 255 })), { minLength: 1 }),
      (changes) => {
        const torn = Buffer.from(bytes);
        for (const [place, byte] of changes) torn[place] = byte;
        const damaged = join(at, 'torn.db');
        writeFileSync(damaged, torn);
        const { rows } = scanned(damaged, [PLAIN, PLAIN]);
        return rows.every((rowid, i) => rowid > (rows[i - 1] ?? -1));
      },
    ),
    { seed: 5, numRuns: 300 },
  );
  t.pass();
});

test('a tree in which pages are below more than one is odd, and not walked for ever', (t) => {
  const [at, size] = [folder(t), 512];
  const path = written(join(at, 'a.db'), (db) => {
    db.pragma(`page_size = ${size}`);
    db.exec('CREATE TABLE t (a, b); BEGIN');
    for (let n = 0; n < 4000; n++) db.prepare('INSERT INTO t VALUES (?, ?)').run('x'.repeat(100), n);
    db.exec('COMMIT');
  });
  const bytes = readFileSync(path);
  const pageAt = (number: number): number => (number - 1) * size;
  const cellsOf = (number: number): number[] =>
    Array.from(
      { length: bytes.readUInt16BE(pageAt(number) + 3) },
      (_, i) => pageAt(number) + bytes.readUInt16BE(pageAt(number) + 12 + 2 * i),
    );
  const [first = 0, second = 0] = cellsOf(2).map((cell) => bytes.readUInt32BE(cell));
  const leaf = bytes.readUInt32BE(cellsOf(first)[0] ?? 0);
  for (const [page, below] of [
    [2, first],
    [first, second],
    [second, leaf],
  ] as const) {
    t.is(bytes[pageAt(page)], 5, 'an interior page');
    for (const cell of cellsOf(page)) bytes.writeUInt32BE(below, cell);
    bytes.writeUInt32BE(below, pageAt(page) + 8);
  }
  // It has no rows: none is found twice.
  bytes.writeUInt16BE(0, pageAt(leaf) + 3);
  const damaged = join(at, 'round.db');
  writeFileSync(damaged, bytes);
  t.deepEqual(scanned(damaged, [PLAIN, PLAIN]), { rows: [], found: 'odd' });
});

test('a column has REAL affinity by its declared type, as SQLite says', (t) => {
  const db = new Database(':memory:');
  for (const type of [...TYPES, ...ODD_TYPES, 'float8', 'POINT REAL', 'xDoUbLe', 'BLOBBY FLOAT']) {
    db.exec(`DROP TABLE IF EXISTS t; CREATE TABLE t (a ${type}); INSERT INTO t VALUES (1)`);
    // 1 is kept as it is, or becomes '1' or 1.0.
    t.is(isRealType(type), db.prepare('SELECT typeof(a) FROM t').pluck().get() === 'real', type);
  }
  db.close();
});
