import Database from 'better-sqlite3';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { sqliteDigest, sqliteTables } from './sqlite-digest.js';

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'vlmbuild-sqlite-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function make(path: string, sql: string): string {
  const database = new Database(path);
  database.pragma('synchronous = OFF');
  database.exec(sql);
  database.close();
  return path;
}

const TRACES = `
  CREATE TABLE sessions (session_id VARCHAR PRIMARY KEY, metadata JSON, embedding VECTOR);
  CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id VARCHAR NOT NULL, reward FLOAT, data BLOB);
  CREATE TABLE pairs (a TEXT, b INTEGER, c TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID;
  CREATE INDEX idx_session ON events (session_id);
  CREATE VIEW summary AS SELECT session_id, count(*) AS n FROM events GROUP BY session_id;
  INSERT INTO sessions VALUES ('s-1', '{"a":1}', NULL), ('s-2', NULL, 'text'), ('s-3', x'00ff', 1.5);
  INSERT INTO events (session_id, reward, data) VALUES ('s-1', 1, x'01'), ('s-2', 0.5, NULL), ('s-1', NULL, 'x');
  INSERT INTO pairs VALUES ('z', 1, 'first'), ('a', 2, 'last'), ('b', 1, NULL);
`;

test('what is not content does not count', async (t) => {
  const at = folder(t);
  const first = await sqliteDigest(make(join(at, 'a.db'), TRACES));
  const variants: Record<string, string> = {
    'page size': `PRAGMA page_size = 16384; ${TRACES}`,
    'user_version and application_id': `${TRACES} PRAGMA user_version = 7; PRAGMA application_id = 9;`,
    'WAL mode': `PRAGMA journal_mode = WAL; ${TRACES}`,
    'free pages': `${TRACES} CREATE TABLE gone (x); INSERT INTO gone VALUES (zeroblob(100000)); DROP TABLE gone;`,
    'counters of autoincrement': `${TRACES} INSERT INTO events (session_id) VALUES ('x'); DELETE FROM events WHERE id = 4;`,
    statistics: `${TRACES} ANALYZE;`,
    vacuum: `${TRACES} DELETE FROM pairs WHERE b = 2; INSERT INTO pairs VALUES ('a', 2, 'last'); VACUUM;`,
    'case of a type': TRACES.replace('INTEGER PRIMARY', 'integer PRIMARY').replace('FLOAT', 'float'),
    'SQL of a table': TRACES.replace('CREATE TABLE pairs (a TEXT,', 'CREATE TABLE pairs ( a  TEXT DEFAULT 5, -- key\n'),
    triggers: `${TRACES} CREATE TRIGGER t AFTER INSERT ON events BEGIN SELECT 1; END;`,
  };
  for (const [name, sql] of Object.entries(variants))
    t.is(await sqliteDigest(make(join(at, `${Object.keys(variants).indexOf(name)}.db`), sql)), first, name);
});

test('every change of content counts', async (t) => {
  const at = folder(t);
  const edits = [
    TRACES,
    TRACES.replace("'s-3', x'00ff'", "'s-3', x'00fe'"),
    TRACES.replace("x'01'", 'char(1)'),
    TRACES.replace("'s-3', x'00ff', 1.5", "'s-3', x'00ff', 2"),
    TRACES.replace("'s-3', x'00ff', 1.5", "'s-3', x'00ff', 'x2'"),
    TRACES.replace('\'{"a":1}\', NULL', 'NULL, \'{"a":1}\''),
    TRACES.replace('events (id INTEGER', 'events (no INTEGER'),
    TRACES.replace('reward FLOAT', 'reward REAL'),
    TRACES.replace('session_id VARCHAR NOT NULL', 'session_id VARCHAR'),
    TRACES.replace('PRIMARY KEY (b, a)', 'PRIMARY KEY (a, b)'),
    TRACES.replace('ON events (session_id)', 'ON events (session_id, reward)'),
    TRACES.replace('count(*) AS n', 'count(*) AS m'),
    TRACES.replace("('s-1', 1, x'01'), ('s-2', 0.5, NULL)", "('s-2', 0.5, NULL), ('s-1', 1, x'01')"),
    `${TRACES} CREATE TABLE empty (x);`,
    `${TRACES} DROP VIEW summary;`,
    `${TRACES} DELETE FROM pairs;`,
    `${TRACES} INSERT INTO events (session_id) VALUES ('s-9');`,
  ];
  const digests = new Map<string, string>();
  for (const [index, sql] of edits.entries()) {
    const digest = await sqliteDigest(make(join(at, `${index}.db`), sql));
    t.is(digests.get(digest), undefined, sql);
    digests.set(digest, sql);
  }
});

test('values of different storage classes, and texts that are not UTF-8, never agree', async (t) => {
  const at = folder(t);
  const values = [
    'NULL',
    '1',
    '1.0',
    "'1'",
    "x'31'",
    '0',
    "''",
    "x''",
    '9007199254740993',
    '9007199254740992',
    '-1',
    '0.1',
  ];
  values.push("CAST(x'ff' AS TEXT)", "CAST(x'fe' AS TEXT)", 'char(65533)', "'a' || char(0) || 'b'", "'a'", '1e300');
  const digests = new Set<string>();
  for (const [index, value] of values.entries())
    digests.add(
      await sqliteDigest(make(join(at, `${index}.db`), `CREATE TABLE t (x); INSERT INTO t VALUES (${value})`)),
    );
  t.is(digests.size, values.length);
});

test('long texts are what they are, however they are read', async (t) => {
  const at = folder(t);
  const digest = async (name: string, values: string, before = ''): Promise<string> =>
    sqliteDigest(make(join(at, name), `${before} CREATE TABLE t (x, y); INSERT INTO t VALUES ${values};`));
  // Beyond the rows that are looked at first, and among them, in one column or another.
  const short = Array.from({ length: 40 }, (_, i) => `(${i}, 'y')`).join(', ');
  const long = "(printf('%.*c', 5000, 'x'), 1)";
  const late = await digest('late.db', `${short}, ${long}`);
  t.not(late, await digest('early.db', `${long}, ${short}`));
  t.is(late, await digest('utf-16.db', `${short}, ${long}`, "PRAGMA encoding = 'UTF-16';"));
  t.not(late, await digest('blob.db', `${short}, (CAST(printf('%.*c', 5000, 'x') AS BLOB), 1)`));
  const early = await digest('a.db', long);
  t.is(early, await digest('b.db', long, "PRAGMA encoding = 'UTF-16';"));
  t.not(early, await digest('c.db', "(CAST(printf('%.*c', 5000, 'x') AS BLOB), 1)"));
  // Bytes that are no UTF-8, and the character that stands for them.
  const odd = ["x'ff'", "x'fe'", 'char(65533)'].map(
    (end) => `(CAST(CAST(printf('%.*c', 5000, 'x') AS BLOB) || ${end} AS TEXT), 1)`,
  );
  const digests = await Promise.all(odd.map((row, i) => digest(`odd-${i}.db`, row)));
  t.is(new Set(digests).size, odd.length);
});

const value = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ minLength: 4090, maxLength: 4100 }),
  fc.uint8Array({ maxLength: 40 }),
  fc.integer({ min: 4000, max: 70000 }).map((length) => new Uint8Array(length).fill(7)),
);
const rows = fc.array(fc.tuple(value, value), { maxLength: 12 });

function write(path: string, content: [unknown, unknown][], pragmas: string): void {
  const database = new Database(path);
  database.pragma('synchronous = OFF');
  database.exec(`${pragmas}; CREATE TABLE t (a, b); CREATE INDEX i ON t (a)`);
  const insert = database.prepare('INSERT INTO t VALUES (?, ?)');
  for (const row of content) insert.run(...row);
  if (pragmas.includes('vacuum'))
    database.exec('INSERT INTO t VALUES (1, 2); DELETE FROM t WHERE rowid = last_insert_rowid(); VACUUM');
  database.close();
}

test('the same rows give the same digest however they are stored; any other value gives another', async (t) => {
  const at = folder(t);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(rows, fc.nat(), value, async (content, where, other) => {
      const fresh = (): string => join(at, `${number++}.db`);
      const [a, b, c] = [fresh(), fresh(), fresh()];
      write(a, content, '');
      write(b, content, 'PRAGMA page_size = 512; /* vacuum */ SELECT 1');
      const digest = await sqliteDigest(a);
      if (digest !== (await sqliteDigest(b))) return false;
      const row = content[where % Math.max(1, content.length)];
      if (row === undefined || same(row[1], other)) return true;
      write(
        c,
        content.map((item) => (item === row ? [row[0], other] : item)),
        '',
      );
      return digest !== (await sqliteDigest(c));
    }),
    { seed: 9, numRuns: 40 },
  );
  t.pass();
});

function same(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return Object.is(a, b);
}

test('rows that are only in the -wal count, and reading leaves them there', async (t) => {
  const at = folder(t);
  const live = join(at, 'live.db');
  const writer = new Database(live);
  writer.exec(`PRAGMA journal_mode = WAL; ${TRACES}`);
  const before = readFileSync(live);
  const wal = readFileSync(`${live}-wal`);
  t.true(wal.length > 0);
  t.is(await sqliteDigest(live), await sqliteDigest(make(join(at, 'plain.db'), TRACES)));
  t.deepEqual(readFileSync(live), before);
  t.deepEqual(readFileSync(`${live}-wal`), wal);

  // Without its -wal it is another database; with the -wal moved into it, the same.
  copyFileSync(live, join(at, 'torn.db'));
  t.not(await sqliteDigest(join(at, 'torn.db')), await sqliteDigest(live));
  const digest = await sqliteDigest(live);
  writer.pragma('wal_checkpoint(TRUNCATE)');
  t.is(await sqliteDigest(live), digest);
  writer.close();
  t.is(await sqliteDigest(live), digest);
});

test('a database whose writer was killed is read as it was before the transaction, and not touched', async (t) => {
  const at = folder(t);
  const path = make(join(at, 'a.db'), TRACES);
  const before = await sqliteDigest(path);
  const writer = new Database(path);
  writer.exec(
    "PRAGMA cache_size = 1; BEGIN; UPDATE events SET data = zeroblob(500000); INSERT INTO sessions VALUES ('x', 1, 2)",
  );
  // What a crash would leave.
  const killed = join(at, 'killed');
  mkdirSync(killed);
  for (const suffix of ['', '-journal']) copyFileSync(path + suffix, join(killed, `a.db${suffix}`));
  writer.close();
  const bytes = readFileSync(join(killed, 'a.db'));
  t.is(await sqliteDigest(join(killed, 'a.db')), before);
  t.deepEqual(readFileSync(join(killed, 'a.db')), bytes);
  t.deepEqual(readdirSync(killed), ['a.db', 'a.db-journal']);
});

test('a database in WAL mode is read with what is in its log where nothing can be written beside it', async (t) => {
  const at = folder(t);
  const path = make(join(at, 'a.db'), TRACES);
  const writer = new Database(path);
  writer.pragma('journal_mode = WAL');
  writer.exec("INSERT INTO sessions VALUES ('x', 1, 2)");
  const alone = join(at, 'alone');
  mkdirSync(alone);
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, join(alone, `a.db${suffix}`));
  // Stands in the way of the file that SQLite would make, also where everything may be written.
  symlinkSync('nowhere', join(alone, 'a.db-shm'));
  t.is(await sqliteDigest(join(alone, 'a.db')), await sqliteDigest(path));
  writer.close();
  t.deepEqual(readdirSync(alone), ['a.db', 'a.db-shm', 'a.db-wal']);
});

test('a folder of sqld stands for the database in it', async (t) => {
  const at = folder(t);
  const inside = join(at, 'server.db', 'dbs', 'default');
  mkdirSync(inside, { recursive: true });
  make(join(inside, 'data'), TRACES);
  t.is(await sqliteDigest(join(at, 'server.db')), await sqliteDigest(make(join(at, 'a.db'), TRACES)));
  const error = await t.throwsAsync(sqliteDigest(inside), { instanceOf: UserFacingError });
  t.is(error.diagnostics[0]?.code, 'VB709');
});

test('odd tables: names for the rowid taken, generated columns, virtual tables, names with quotes', async (t) => {
  const at = folder(t);
  const sql = `
    CREATE TABLE "odd ""name""" (rowid TEXT, oid TEXT, _rowid_ TEXT, "a b" INT GENERATED ALWAYS AS (length(rowid)));
    INSERT INTO "odd ""name""" VALUES ('z', 'y', 'x'), ('a', 'b', 'c');
    CREATE TABLE cover (x, y); CREATE INDEX covering ON cover (x, y); INSERT INTO cover VALUES (2, 1), (1, 2);
    CREATE VIRTUAL TABLE words USING fts5(text); INSERT INTO words VALUES ('hello'), ('world');`;
  const { digest, tables } = await sqliteTables(make(join(at, 'a.db'), sql));
  t.deepEqual(
    tables.filter((table) => !table.name.startsWith('words')).map(({ name, rows: count }) => [name, count]),
    [
      ['cover', 2],
      ['odd "name"', 2],
    ],
  );
  t.is(await sqliteDigest(make(join(at, 'b.db'), `${sql} VACUUM;`)), digest);
  for (const edit of ["'a', 'b', 'c'", '(1, 2)', "'world'"])
    t.not(
      await sqliteDigest(
        make(join(at, `${edit.length}.db`), sql.replace(edit, edit.replace(/[a2]/, '4').replace('wor', 'wer'))),
      ),
      digest,
    );
});

test('an empty file is an empty database; what is no database is told', async (t) => {
  const at = folder(t);
  writeFileSync(join(at, 'empty.db'), '');
  t.is(await sqliteDigest(join(at, 'empty.db')), await sqliteDigest(make(join(at, 'vacuum.db'), 'VACUUM')));
  writeFileSync(join(at, 'text.db'), 'this is only text, and long enough to be looked at');
  const error = await t.throwsAsync(sqliteDigest(join(at, 'text.db')), { instanceOf: UserFacingError });
  t.is(error.diagnostics[0]?.code, 'VB708');
  t.is(
    (await t.throwsAsync(sqliteDigest(join(at, 'none.db')), { instanceOf: UserFacingError })).diagnostics[0]?.code,
    'VB701',
  );
});

test('the digest is fixed for good: keys depend on it', async (t) => {
  const at = folder(t);
  const path = make(join(at, 'a.db'), TRACES);
  t.is(await sqliteDigest(path), 'sha256:215e24858da6cfbd528bec1107a4dfd0c557c64b053fa93ecd81cf3d3c990273');
  const long = "CREATE TABLE t (x); INSERT INTO t VALUES (printf('%.*c', 1024, 'x')), (printf('%.*c', 1025, 'x'))";
  t.is(
    await sqliteDigest(make(join(at, 'long.db'), long)),
    'sha256:eaee70c435cddb9843da6bb740a492919d35f7693bcd5523d316d5a4380fb6af',
  );
});
