import Database from 'better-sqlite3';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { touches } from './row-ranges.js';
import { lookAtContent, readContent, type DatabaseContent, type DatabaseMemory } from './sqlite-content.js';
import { sqliteDigest } from './sqlite-digest.js';
import { DatabaseMemories } from './sqlite-memories.js';

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'vlmbuild-content-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const SCHEMA = `
  CREATE TABLE keyed (id INTEGER PRIMARY KEY, a, b);
  CREATE TABLE named (name TEXT PRIMARY KEY, a, b);
  CREATE TABLE plain (a REAL, b);
  CREATE TABLE backwards (id INTEGER PRIMARY KEY DESC, a, b);
  CREATE TABLE pairs (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID;
  CREATE INDEX by_a ON keyed (a);`;
const TABLES = ['keyed', 'named', 'plain', 'backwards'];

function edited(path: string, edit: (db: Database.Database) => void): void {
  const db = new Database(path);
  db.pragma('synchronous = OFF');
  edit(db);
  db.close();
}

function fill(db: Database.Database, rows: number): void {
  db.exec(SCHEMA);
  db.exec('BEGIN');
  for (let i = 1; i <= rows; i++) {
    const long = 'x'.repeat(i % 7 === 0 ? 9000 + i : i % 50);
    db.prepare('INSERT INTO keyed VALUES (?, ?, ?)').run(i * 3, i, long);
    db.prepare('INSERT INTO named VALUES (?, ?, ?)').run(`n-${i}`, i, Buffer.from(long));
    db.prepare('INSERT INTO plain VALUES (?, ?)').run(i, long);
    db.prepare('INSERT INTO backwards VALUES (?, ?, ?)').run(i, i, long);
    db.prepare('INSERT INTO pairs VALUES (?, ?)').run(i, long);
  }
  db.exec('COMMIT');
}

/** Rows by rowid, of all tables that have such. */
function rowsOf(path: string): Map<string, Map<number, string>> {
  const db = new Database(path, { readonly: true });
  const tables = TABLES.map((table) => {
    const rows = db.prepare(`SELECT rowid AS n, * FROM ${table}`).all() as { n: number }[];
    return [table, new Map(rows.map((row) => [row.n, JSON.stringify(row)]))] as const;
  });
  db.close();
  return new Map(tables);
}

async function read(path: string, before?: DatabaseMemory): Promise<DatabaseContent & { memory: DatabaseMemory }> {
  const content = await readContent(path, { before: () => before });
  if (content?.memory === undefined) throw new Error('a plain file tells what is in it');
  return { ...content, memory: content.memory };
}

const at = fc.nat({ max: 750 });
const text = fc.nat({ max: 6 }).map((n) => 'é'.repeat([0, 3, 40, 900, 3000, 5000, 40_000][n] ?? 0));
const table = fc.constantFrom(...TABLES);
const edit = fc.oneof(
  fc
    .tuple(table, at, text)
    .map(([name, n, b]) => ({ sql: `UPDATE ${name} SET b = ? WHERE rowid BETWEEN ? AND ?`, args: [b, n, n + 2] })),
  fc
    .tuple(table, at, at)
    .map(([name, n, m]) => ({ sql: `DELETE FROM ${name} WHERE rowid = ? OR rowid = ?`, args: [n, m] })),
  fc.tuple(at, text).map(([n, b]) => ({ sql: 'INSERT OR REPLACE INTO keyed VALUES (?, 5, ?)', args: [n, b] })),
  fc.tuple(at, text).map(([n, b]) => ({ sql: 'INSERT OR REPLACE INTO pairs VALUES (?, ?)', args: [n, b] })),
  fc
    .tuple(at, text)
    .map(([n, b]) => ({ sql: 'INSERT INTO plain (rowid, a, b) VALUES (? + 1000000, 5, ?)', args: [n, b] })),
  fc.constant({ sql: 'INSERT INTO plain (a, b) SELECT a, b FROM plain LIMIT 40', args: [] }),
  fc.constant({ sql: 'DELETE FROM keyed WHERE id % 11 = 0', args: [] }),
  fc.constant({ sql: 'UPDATE plain SET a = a WHERE rowid < 100', args: [] }),
  fc.constantFrom('VACUUM', 'REINDEX', 'PRAGMA page_size = 1024; VACUUM').map((sql) => ({ sql, args: [] })),
  fc.nat().map((n) => ({ sql: `ALTER TABLE keyed ADD COLUMN c${n} DEFAULT ${n % 3}`, args: [] })),
  fc.constant({ sql: 'UPDATE keyed SET id = -id WHERE id = 30', args: [] }),
  fc.constant({
    sql: 'DROP TABLE plain; CREATE TABLE plain (a REAL, b); INSERT INTO plain SELECT a, b FROM keyed',
    args: [],
  }),
);

test('after random edits the digest is that of reading it all, and the rows told of have all changes', async (t) => {
  const path = folder(t);
  let number = 0;
  let told = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
      const db = join(path, `${number++}.db`);
      edited(db, (writer) => fill(writer, 250));
      let content = await read(db);
      if (content.digest !== (await sqliteDigest(db))) return false;
      const states = new Map([[content.id, rowsOf(db)]]);
      for (const { sql, args } of edits) {
        edited(db, (writer) => {
          try {
            if (args.length === 0) writer.exec(sql);
            else writer.prepare(sql).run(...args);
          } catch (error) {
            if (!/UNIQUE|duplicate column/.test(String(error))) throw error;
          }
        });
        content = await read(db, content.memory);
        if (content.digest !== (await sqliteDigest(db))) return false;
        const now = rowsOf(db);
        states.set(content.id, now);
        for (const { id, changed } of content.memory.since) {
          for (const [name, ranges] of changed) {
            const [before, after] = [states.get(id)?.get(name), now.get(name)];
            for (const row of new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])) {
              if (before?.get(row) !== after?.get(row) && !touches(ranges, row, row)) return false;
            }
            told++;
          }
        }
      }
      rmSync(db);
      return true;
    }),
    { seed: 4, numRuns: 25 },
  );
  t.true(told > 50, `only ${told} tables were compared`);
});

test('of a large database in which a row is added nearly nothing is told to have changed', async (t) => {
  const path = join(folder(t), 'a.db');
  edited(path, (db) => fill(db, 3000));
  const first = await read(path);
  edited(path, (db) => db.prepare('INSERT INTO keyed VALUES (100000, 1, ?)').run('y'.repeat(20_000)));
  const { memory } = await read(path, first.memory);
  const [since] = memory.since;
  t.is(since?.id, first.id);
  for (const name of TABLES) {
    const changed = since?.changed.get(name) ?? [];
    t.is(changed.length, name === 'keyed' ? 1 : 0, name);
    if (name === 'keyed') t.false(touches(changed, 0, 6000));
  }
});

test('what is told of as changed since a state before has the changes in between', async (t) => {
  const path = join(folder(t), 'a.db');
  edited(path, (db) => fill(db, 2000));
  const idOf = (edit: number): number => 3 * (1 + 280 * edit);
  let memory: DatabaseMemory | undefined;
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) {
    ({ memory } = await read(path, memory));
    ids.push(memory.id);
    edited(path, (db) => db.prepare('UPDATE keyed SET b = ? WHERE id = ?').run(`edit ${i}`, idOf(i)));
  }
  ({ memory } = await read(path, memory));
  t.deepEqual(
    memory.since.map(({ id }) => id),
    ids.slice(-4).reverse(),
  );
  const oldest = memory.since[3]?.changed.get('keyed') ?? [];
  for (const [edit, isTold] of [false, false, false, true, true, true, true].entries())
    t.is(touches(oldest, idOf(edit), idOf(edit)), isTold, `edit ${edit}`);
});

test('a database is looked at without its rows, and tells what changed all the same', async (t) => {
  const path = join(folder(t), 'a.db');
  edited(path, (db) => fill(db, 3000));
  const looked = await lookAtContent(path, undefined);
  const whole = await read(path);
  t.is(looked?.id, whole.id);
  t.is(looked?.moment, whole.memory.moment);
  edited(path, (db) => db.exec("UPDATE keyed SET b = 'other' WHERE id = 9"));
  const again = await lookAtContent(path, looked);
  const changed = again?.since.find(({ id }) => id === whole.id)?.changed.get('keyed') ?? [];
  t.true(touches(changed, 9, 9));
  t.false(touches(changed, 6000, 9000));
  t.is((await read(path, again)).digest, await sqliteDigest(path));
  // Without digests of its rows all are read.
  edited(path, (db) => db.exec("UPDATE keyed SET b = 'third' WHERE id = 30"));
  t.is((await read(path, again)).digest, await sqliteDigest(path));
});

test('the pages of a row are followed where they lie far from each other', async (t) => {
  const path = join(folder(t), 'far.db');
  edited(path, (db) => {
    db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, b)');
    const put = db.prepare('INSERT INTO rows VALUES (?, ?)');
    const pages = (count: number): Buffer => Buffer.alloc(count * 4096, count);
    for (const [id, count] of [50, 300, 50].entries()) put.run(id, pages(count));
    // Its pages are those of the two that go, with 300 in between.
    db.exec('DELETE FROM rows WHERE id <> 1');
    put.run(3, pages(90));
  });
  const before = await read(path);
  t.true(before.memory.tables.has('rows'));
  edited(path, (db) => db.exec("UPDATE rows SET b = b || 'z' WHERE id = 3"));
  const now = await read(path, before.memory);
  t.is(now.digest, await sqliteDigest(path));
  t.true(touches(now.memory.since[0]?.changed.get('rows') ?? [], 3, 3));
});

test('a state that comes back is known as such, and other content at the same place is not', async (t) => {
  const path = join(folder(t), 'a.db');
  edited(path, (db) => fill(db, 300));
  const first = await read(path);
  copyFileSync(path, `${path}.kept`);
  edited(path, (db) => db.exec("UPDATE keyed SET b = 'other' WHERE id = 9"));
  const second = await read(path, first.memory);
  t.not(second.digest, first.digest);
  copyFileSync(`${path}.kept`, path);
  const third = await read(path, second.memory);
  t.is(third.digest, first.digest);
  t.is(third.id, first.id);
  t.true(touches(third.memory.since[0]?.changed.get('keyed') ?? [], 9, 9));
});

test('a log beside the file, or what is no database, is not read by pages', async (t) => {
  const at = folder(t);
  const path = join(at, 'a.db');
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  fill(db, 10);
  t.is(await readContent(path, {}), undefined);
  db.close();
  t.is((await read(path)).digest, await sqliteDigest(path));
  writeFileSync(join(at, 'empty.db'), '');
  t.is(await readContent(join(at, 'empty.db'), {}), undefined);
  writeFileSync(join(at, 'text.db'), 'only text, and long enough to be looked at'.repeat(20));
  await t.throwsAsync(readContent(join(at, 'text.db'), {}));
});

test('a file that ends within a page is not read by pages: SQLite reads what there is', async (t) => {
  const path = join(folder(t), 'a.db');
  edited(path, (db) => {
    db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a)');
    for (let i = 0; i < 400; i++) db.prepare('INSERT INTO t VALUES (?, ?)').run(i, `row ${i}${'x'.repeat(100)}`);
  });
  const { digest, memory } = await read(path);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length - 1));
  t.not(await sqliteDigest(path), digest);
  t.is(await readContent(path, { before: () => memory }), undefined);
  // Nor one whose header tells of another length.
  const grown = Buffer.concat([bytes, Buffer.alloc(4096)]);
  writeFileSync(path, grown);
  t.is(await sqliteDigest(path), digest);
  t.is(await readContent(path, { before: () => memory }), undefined);
});

test('what the same bytes mean in another encoding is not taken for what they were', async (t) => {
  const at = folder(t);
  const [narrow, wide] = [join(at, 'narrow.db'), join(at, 'wide.db')];
  const make = (path: string, encoding: string, text: string): void =>
    edited(path, (db) => {
      db.pragma(`encoding = '${encoding}'`);
      db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a)');
      db.prepare('INSERT INTO t VALUES (1, ?)').run(text);
    });
  make(narrow, 'UTF-8', 'ab');
  make(wide, 'UTF-16le', '\u6261');
  const { memory } = await read(narrow);
  t.not(await sqliteDigest(wide), memory.digest);
  t.is(await readContent(wide, { before: () => memory }), undefined);
});

test('a tree whose keys lead elsewhere than to its rows is read as a whole', async (t) => {
  const path = join(folder(t), 'a.db');
  edited(path, (db) => {
    db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a); BEGIN');
    for (let i = 1; i < 3000; i++) db.prepare('INSERT INTO t VALUES (?, ?)').run(i, 'x'.repeat(100));
    db.exec('COMMIT');
  });
  const { memory } = await read(path);
  edited(path, (db) => db.exec("UPDATE t SET a = 'y' WHERE id = 1500"));
  const bytes = readFileSync(path);
  const root = 4096;
  t.is(bytes[root], 5, 'an interior page');
  for (let i = 0; i < bytes.readUInt16BE(root + 3); i++) {
    const key = root + bytes.readUInt16BE(root + 12 + 2 * i) + 4;
    const value = ((bytes[key] ?? 0) & 0x7f) * 128 + (bytes[key + 1] ?? 0);
    if ((bytes[key] ?? 0) < 0x80 || value < 1400 || value > 1700) continue;
    const damaged = Buffer.from(bytes);
    damaged.set([0x80 | ((value - 130) >> 7), (value - 130) & 0x7f], key);
    writeFileSync(path, damaged);
    t.is((await read(path, memory)).digest, await sqliteDigest(path), `key ${value}`);
  }
});

test('a new database whose keys lead past rows is read by SQLite, although it was divided by them', async (t) => {
  const path = join(folder(t), 'a.db');
  const size = 512;
  edited(path, (db) => {
    db.pragma(`page_size = ${size}`);
    db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a); BEGIN');
    for (let i = 1; i < 6000; i++) db.prepare('INSERT INTO t VALUES (?, ?)').run(i, 'x'.repeat(100));
    db.exec('COMMIT');
  });
  const bytes = readFileSync(path);
  t.is(bytes[size], 5, 'an interior page');
  const expected = await sqliteDigest(path);
  t.is((await read(path)).digest, expected);
  for (let i = 0; i < bytes.readUInt16BE(size + 3); i++) {
    const key = size + bytes.readUInt16BE(size + 12 + 2 * i) + 4;
    const value = ((bytes[key] ?? 0) & 0x7f) * 128 + (bytes[key + 1] ?? 0);
    if ((bytes[key] ?? 0) < 0x80 || value < 900) continue;
    const damaged = Buffer.from(bytes);
    damaged.set([0x80 | ((value - 700) >> 7), (value - 700) & 0x7f], key);
    writeFileSync(path, damaged);
    t.is((await read(path)).digest, expected, `key ${value}`);
  }
});

test('a writer waits while a database is read', async (t) => {
  const path = join(folder(t), 'a.db');
  edited(path, (db) => fill(db, 10));
  // In the middle of the reading: when it looks for what is remembered.
  let code: unknown;
  await readContent(path, {
    before: () => {
      const writer = new Database(path, { timeout: 0 });
      try {
        writer.exec('DELETE FROM keyed');
      } catch (error) {
        ({ code } = error as { code: unknown });
      } finally {
        writer.close();
      }
      return undefined;
    },
  });
  t.is(code, 'SQLITE_BUSY');
});

test('a memory that is damaged, cut or absent is none', async (t) => {
  const at = folder(t);
  const path = join(at, 'a.db');
  edited(path, (db) => fill(db, 50));
  const memories = new DatabaseMemories(join(at, 'memories'));
  t.is(memories.load(path), undefined);
  const { memory } = await read(path);
  memories.save(path, memory);
  t.deepEqual(memories.load(path), memory);
  const file = memories.fileOf(path);
  const bytes = readFileSync(file);
  for (const where of [3, 40, 200, bytes.length - 1]) {
    const damaged = Buffer.from(bytes);
    damaged[where] = (damaged[where] ?? 0) ^ 1;
    writeFileSync(file, damaged);
    t.is(memories.load(path), undefined, `byte ${where}`);
    writeFileSync(file, bytes.subarray(0, where));
    t.is(memories.load(path), undefined, `cut at ${where}`);
  }
});
