import Database from 'better-sqlite3';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { openSqliteInput } from './handles-sqlite.js';
import type { SqliteInputHandle } from './handle-types.js';
import type { Slice, SliceQuery } from './kind.js';
import { readContent } from './sqlite-content.js';
import { sliceOf } from './slices.js';
import { DatabaseMemories, loadMemory, saveMemory } from './sqlite-memories.js';

class Databases {
  readonly folder: string;
  readonly path: string;
  readonly memories: DatabaseMemories;

  constructor(t: ExecutionContext) {
    this.folder = mkdtempSync(join(tmpdir(), 'vlmbuild-slices-'));
    t.teardown(() => rmSync(this.folder, { recursive: true, force: true }));
    this.path = join(this.folder, 'a.db');
    this.memories = new DatabaseMemories(join(this.folder, 'memory'));
    this.edit((db) => {
      db.exec('CREATE TABLE items (id INTEGER PRIMARY KEY, a, b); CREATE TABLE notes (item, note)');
      for (let id = 1; id <= 600; id++) {
        db.prepare('INSERT INTO items VALUES (?, ?, ?)').run(id, id, 'x'.repeat(id % 9 === 0 ? 6000 : 20));
        db.prepare('INSERT INTO notes VALUES (?, ?)').run(id, `note ${id}`);
      }
    });
  }

  edit(work: (db: Database.Database) => void, path = this.path): void {
    const db = new Database(path);
    db.pragma('synchronous = OFF');
    db.transaction(() => work(db))();
    db.close();
  }

  /** As the engine does before parts are listed. */
  async look(path = this.path): Promise<void> {
    const shortRows = this.memories.shortRowsOf(path);
    const content = await readContent(path, { before: () => this.memories.load(path), shortRows });
    if (content?.memory !== undefined) this.memories.save(path, content.memory);
  }

  /** What slices are, listed with or without what is remembered. */
  list(
    slices: readonly Readonly<Record<string, SliceQuery>>[],
    memory: 'remembered' | 'read',
    target = 't',
    path = this.path,
  ): string[] {
    const digest = `sha256:${'0'.repeat(64)}` as const;
    const at = memory === 'read' ? undefined : { folder: join(this.folder, 'memory'), target };
    const opened = openSqliteInput({ path, digest }, at);
    const digests = slices.map((queries) => (opened.handle as SqliteInputHandle).slice(queries).digest);
    opened.listed?.();
    opened.close();
    return digests;
  }
}

const items = (...values: number[]): SliceQuery => ({
  table: 'items',
  by: 'id',
  values,
  columns: ['id', 'b'],
  bytes: ['b'],
});
const notes = (...values: number[]): SliceQuery => ({ table: 'notes', by: 'rowid', values, columns: ['note'] });
const SLICES = Array.from({ length: 150 }, (_, i) => ({
  items: items(4 * i + 1, 4 * i + 2, 4 * i + 4),
  notes: notes(4 * i + 3),
}));

const id = fc.integer({ min: 1, max: 620 });
const edit = fc.oneof(
  fc.tuple(id, fc.nat()).map(([n, x]) => `UPDATE items SET b = 'edit ${x}' WHERE id = ${n}`),
  fc.tuple(id, fc.nat()).map(([n, x]) => `UPDATE items SET a = ${x} WHERE id = ${n}`),
  fc.tuple(id, fc.nat()).map(([n, x]) => `UPDATE notes SET note = '${x}' WHERE rowid = ${n}`),
  id.map((n) => `DELETE FROM items WHERE id = ${n}`),
  id.map((n) => `DELETE FROM notes WHERE rowid = ${n}`),
  id.map((n) => `INSERT OR REPLACE INTO items (id, a, b) VALUES (${n}, 1, printf('%.*c', 9000, 'y'))`),
  id.map((n) => `UPDATE items SET id = ${n} + 100000 WHERE id = ${n}`),
  fc.constantFrom(
    'ALTER TABLE items ADD COLUMN c DEFAULT 5',
    'DROP TABLE notes; CREATE TABLE notes (item, note); INSERT INTO notes SELECT id, a FROM items',
    'DELETE FROM notes',
  ),
);

test('after random edits remembered slices are what reading them gives', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(edit, { maxLength: 3 }), { minLength: 1, maxLength: 5 }), async (rounds) => {
      const databases = new Databases(t);
      for (const edits of [[], ...rounds]) {
        databases.edit((db) => {
          for (const sql of edits) {
            try {
              db.exec(sql);
            } catch (error) {
              if (!/UNIQUE|duplicate column/.test(String(error))) throw error;
            }
          }
        });
        // Not every state is listed, and not every listing comes after a look.
        if (edits.length !== 2) await databases.look();
        if (edits.length === 1) continue;
        t.deepEqual(databases.list(SLICES, 'remembered'), databases.list(SLICES, 'read'));
      }
      rmSync(databases.folder, { recursive: true });
    }),
    { seed: 3, numRuns: 25 },
  );
});

test('after random edits slices of a copy, known from its original, are what reading them gives', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { maxLength: 3 }), fc.array(edit, { maxLength: 3 }), async (ours, theirs) => {
      const databases = new Databases(t);
      const copy = join(databases.folder, 'copy.db');
      await databases.look();
      databases.list(SLICES, 'remembered');
      copyFileSync(databases.path, copy);
      for (const [edits, path] of [
        [ours, databases.path],
        [theirs, copy],
      ] as const) {
        databases.edit((db) => {
          for (const sql of edits) {
            try {
              db.exec(sql);
            } catch (error) {
              if (!/UNIQUE|duplicate column/.test(String(error))) throw error;
            }
          }
        }, path);
        await databases.look(path);
      }
      // What is saved may be of a state before the last look.
      if (ours.length !== 1) databases.list(SLICES, 'remembered');
      t.deepEqual(databases.list(SLICES, 'remembered', 'u', copy), databases.list(SLICES, 'read', 'u', copy));
      rmSync(databases.folder, { recursive: true });
    }),
    { seed: 9, numRuns: 25 },
  );
});

test('slices of a copy are known from its original, but for those that differ', async (t) => {
  const databases = new Databases(t);
  await databases.look();
  databases.list(SLICES, 'remembered');
  const [file = ''] = savedIn(databases);
  const saved = loadMemory(file) as { readonly slices: ReadonlyMap<string, string> };
  const forged = Array.from(saved.slices, ([name, digests]) => [name, '0'.repeat(digests.length)] as const);
  saveMemory(file, { ...saved, slices: new Map(forged) });
  const copy = join(databases.folder, 'copy.db');
  copyFileSync(databases.path, copy);
  databases.edit((db) => db.exec("UPDATE items SET b = 'new' WHERE id = 401"), copy);
  await databases.look(copy);
  const now = databases.list(SLICES, 'remembered', 'u', copy);
  const believed = now.filter((digest) => /^sha256:0+$/.test(digest)).length;
  t.true(believed > 75 && believed < SLICES.length, String(believed));
  t.notRegex(now[100] ?? '', /^sha256:0+$/);
  // Another database of the same tables tells nothing.
  const other = join(databases.folder, 'other.db');
  databases.edit((db) => {
    db.exec('CREATE TABLE items (id INTEGER PRIMARY KEY, a, b); CREATE TABLE notes (item, note)');
    for (let id = 1; id <= 600; id++) db.prepare('INSERT INTO items VALUES (?, 0, ?)').run(id, `other ${id}`);
  }, other);
  await databases.look(other);
  t.deepEqual(databases.list(SLICES, 'remembered', 'u', other), databases.list(SLICES, 'read', 'u', other));
});

/** The files in which slices are saved. */
function savedIn(databases: Databases): string[] {
  const folder = join(databases.folder, 'memory');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.slices'))
    .map((name) => join(folder, name));
}

test('what is remembered is believed of what cannot have changed, and of nothing else', async (t) => {
  const databases = new Databases(t);
  await databases.look();
  const first = databases.list(SLICES, 'remembered');
  // Other digests than the right ones show where they are believed.
  const [file = ''] = savedIn(databases);
  const saved = loadMemory(file) as { readonly id: string; readonly slices: ReadonlyMap<string, string> };
  const forged = new Map(Array.from(saved.slices, ([name, digests]) => [name, '0'.repeat(digests.length)]));
  saveMemory(file, { ...saved, slices: forged });
  const believed = (target?: string): number[] => {
    const now = databases.list(SLICES, 'remembered', target);
    return now.flatMap((digest, i) => (digest === `sha256:${'0'.repeat(64)}` ? [i] : []));
  };
  const all = [...SLICES.keys()];
  t.deepEqual(believed(), all);
  t.deepEqual(believed('other'), all, 'another target that asks the same is told the same');
  databases.edit((db) => db.exec("UPDATE items SET b = 'new' WHERE id = 401"));
  await databases.look();
  const still = believed();
  t.false(still.includes(100));
  t.true(still.length > 75, `only ${still.length} of ${all.length} were still believed`);
  // What is saved now is of the new state, and stays so.
  t.deepEqual(believed(), still);
  const now = databases.list(SLICES, 'remembered');
  for (const i of all) t.is(now[i] === first[i], !still.includes(i) && i !== 100, String(i));
});

test('an edit since the last look is not missed, nor one that leaves size and times as they were', async (t) => {
  const databases = new Databases(t);
  await databases.look();
  databases.list(SLICES, 'remembered');
  for (const b of ['one', 'two']) {
    databases.edit((db) => db.prepare('UPDATE items SET b = ? WHERE id = 1').run(b));
    utimesSync(databases.path, 1_700_000_000, 1_700_000_000);
    t.deepEqual(databases.list(SLICES, 'remembered'), databases.list(SLICES, 'read'), b);
  }
});

test('what is remembered of slices is forgotten with their database', async (t) => {
  const databases = new Databases(t);
  await databases.look();
  databases.list(SLICES, 'remembered');
  databases.memories.keepOnly([databases.path, '/another.db']);
  t.is(savedIn(databases).length, 1);
  databases.memories.keepOnly(['/another.db']);
  t.is(savedIn(databases).length, 0);
});

/** Seconds. */
const FAR_AHEAD = 4_000_000_000;

test('a lost or damaged memory costs reading alone', async (t) => {
  const databases = new Databases(t);
  await databases.look();
  const expected = databases.list(SLICES, 'remembered');
  for (const file of savedIn(databases)) {
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length - 1));
  }
  t.deepEqual(databases.list(SLICES, 'remembered'), expected);
  rmSync(join(databases.folder, 'memory'), { recursive: true });
  // Just written, however long this took.
  utimesSync(databases.path, FAR_AHEAD, FAR_AHEAD);
  t.deepEqual(databases.list(SLICES, 'remembered'), expected);
  t.false(
    readdirSync(databases.folder).includes('memory'),
    'nothing to save of a file that was just written, without a look',
  );
});

test.serial('what was listed before the first look is remembered, of a file that was not just written', async (t) => {
  const databases = new Databases(t);
  // The times of change cannot be set: the clock is.
  const now = Date.now();
  const later = mock.method(Date, 'now', () => now + 10_000);
  t.teardown(() => later.mock.restore());
  databases.list(SLICES, 'remembered');
  await databases.look();
  const [file = ''] = savedIn(databases);
  const saved = loadMemory(file) as { readonly slices: ReadonlyMap<string, string> };
  saveMemory(file, {
    ...saved,
    slices: new Map(Array.from(saved.slices, ([name, all]) => [name, all.replaceAll(/./g, '0')])),
  });
  const believed = (): number =>
    databases.list(SLICES, 'remembered').filter((digest) => /^sha256:0+$/.test(digest)).length;
  t.is(believed(), SLICES.length);
  databases.edit((db) => db.exec("UPDATE items SET b = 'new' WHERE id = 401"));
  await databases.look();
  const still = believed();
  t.true(still > 75 && still < SLICES.length, String(still));
});

test('what a slice most likely is is what it was for the target, and what it is depends on the database alone', async (t) => {
  const databases = new Databases(t);
  await databases.look();
  const before = databases.list(SLICES, 'remembered');
  databases.edit((db) => db.exec("UPDATE items SET b = 'new' WHERE id = 401"));
  const digest = `sha256:${'0'.repeat(64)}` as const;
  const opened = openSqliteInput(
    { path: databases.path, digest },
    { folder: join(databases.folder, 'memory'), target: 't' },
  );
  t.teardown(() => opened.close());
  const slices = [...SLICES, { items: items(601) }].map((queries) => {
    return sliceOf((opened.handle as SqliteInputHandle).slice(queries)) as Extract<Slice, { kind: 'sqlite' }>;
  });
  t.deepEqual(
    slices.map(({ likelyDigest }) => likelyDigest),
    [...before, undefined],
  );
  await databases.look();
  const after = slices.map((slice) => slice.digest);
  t.deepEqual(after.slice(0, -1), databases.list(SLICES, 'read'));
  t.not(after[100], before[100]);
});

test('queries in SQL, rows by what is no rowid, and views are always asked', async (t) => {
  const databases = new Databases(t);
  databases.edit((db) =>
    db.exec('CREATE VIEW v AS SELECT * FROM items; CREATE TABLE k (id INTEGER PRIMARY KEY DESC, x)'),
  );
  databases.edit((db) => db.exec('INSERT INTO k VALUES (7, 1), (5, 2)'));
  await databases.look();
  const slices: Readonly<Record<string, SliceQuery>>[] = [
    { n: { sql: 'SELECT count(*) AS n FROM items' } },
    { n: { table: 'items', by: 'a', values: [5], columns: ['b'] } },
    { n: { table: 'v', by: 'id', values: [5], columns: ['b'] } },
    { n: { table: 'k', by: 'id', values: [5], columns: ['x'] } },
    { n: items(), m: { sql: 'SELECT b FROM items WHERE id = 5' } },
  ];
  const first = databases.list(slices, 'remembered');
  databases.edit((db) =>
    db.exec("INSERT INTO items VALUES (9000, 5, 'z'); UPDATE items SET b = 'w' WHERE id = 5; UPDATE k SET x = 3"),
  );
  await databases.look();
  const now = databases.list(slices, 'remembered');
  t.deepEqual(now, databases.list(slices, 'read'));
  for (const [i, digest] of now.entries()) t.not(digest, first[i]);
});

test('rows come in the order of the values, with their text as bytes where that is wanted, in any encoding', (t) => {
  const databases = new Databases(t);
  for (const encoding of ['UTF-8', 'UTF-16']) {
    rmSync(databases.path, { force: true });
    const db = new Database(databases.path);
    db.pragma(`encoding = '${encoding}'`);
    db.exec(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, Name, x); INSERT INTO t VALUES (1, 'é', 'é'), (2, NULL, 5), (9007199254740993, 'c', x'00')",
    );
    db.close();
    const digest = `sha256:${'0'.repeat(64)}` as const;
    const opened = openSqliteInput({ path: databases.path, digest }, undefined);
    const slice = (opened.handle as SqliteInputHandle).slice({
      q: { table: 't', by: 'id', values: ['9007199254740993', 1, 1, 77], columns: ['name', 'x'], bytes: ['x'] },
    });
    t.deepEqual(
      [...slice.rows('q')],
      [
        { name: 'c', x: Buffer.from([0]) },
        { name: 'é', x: Buffer.from('é') },
        { name: 'é', x: Buffer.from('é') },
      ],
      encoding,
    );
    opened.close();
  }
});
