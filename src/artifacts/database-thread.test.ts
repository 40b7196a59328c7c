import Database from 'better-sqlite3';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { DatabaseThread } from './database-thread.js';
import { readContent, type DatabaseContent } from './sqlite-content.js';

const PROGRAM = join(import.meta.dirname, 'database-worker.js');

/** A database that is large enough for a second thread, and the folder that it is in. */
function large(t: ExecutionContext): { readonly path: string; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'vlmbuild-thread-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'a.db');
  const db = new Database(path);
  db.pragma('synchronous = OFF');
  db.exec('CREATE TABLE a (id INTEGER PRIMARY KEY, n INT, x TEXT); CREATE TABLE b (x TEXT PRIMARY KEY, n); BEGIN');
  const insert = db.prepare('INSERT INTO a VALUES (?, ?, ?)');
  for (let i = 0; i < 9000; i++) insert.run(3 * i, i, `${i}`.repeat(1 + 7500 / `${i}`.length));
  const other = db.prepare('INSERT INTO b VALUES (?, ?)');
  for (let i = 0; i < 3000; i++) other.run(`key ${i}`, i);
  db.exec('COMMIT; DELETE FROM a WHERE id % 11 = 0');
  db.close();
  return { path, folder };
}

async function contentOf(path: string, shortRows: string, thread?: DatabaseThread): Promise<DatabaseContent> {
  const content = await readContent(path, { shortRows, thread });
  if (content?.memory === undefined) throw new Error('its pages tell all');
  return content;
}

test.serial('two threads say what one says', async (t) => {
  const { path, folder } = large(t);
  const alone = await contentOf(path, join(folder, 'alone.rows'));
  const thread = new DatabaseThread(PROGRAM);
  for (const name of ['first', 'second']) {
    const rows = join(folder, `${name}.rows`);
    const content = await contentOf(path, rows, thread);
    const [one, two] = [alone.memory, content.memory];
    t.deepEqual({ ...content, memory: { ...two, shortRows: [] } }, { ...alone, memory: { ...one, shortRows: [] } });
    t.deepEqual(inOrder(rows, content), inOrder(join(folder, 'alone.rows'), alone));
  }
});

/** Rows in short, piece by piece as the index has them. */
function inOrder(file: string, { memory }: DatabaseContent): Buffer {
  const bytes = readFileSync(file);
  const pieces = memory?.shortRows?.get('a');
  if (pieces === undefined) throw new Error('there are rows in short');
  return Buffer.concat(Array.from(pieces.start, (start, i) => bytes.subarray(start, start + (pieces.length[i] ?? 0))));
}

test.serial(
  'what a thread does not do is done without it: one that does not start, one that dies of what it has taken',
  async (t) => {
    const { path, folder } = large(t);
    const rows = join(folder, 'a.rows');
    const alone = await contentOf(path, rows);
    const mortal = join(folder, 'mortal.mjs');
    writeFileSync(
      mortal,
      `import { workerData } from 'node:worker_threads';
     for (let i = 0; i < 3; i++) Atomics.add(workerData.next, 0, 1);
     throw new Error('not at hand');`,
    );
    for (const program of [join(folder, 'none.js'), mortal]) {
      const content = await contentOf(path, rows, new DatabaseThread(program));
      t.is(content.digest, alone.digest, program);
      t.is(content.id, alone.id, program);
      t.deepEqual(content.memory?.tables, alone.memory?.tables, program);
    }
  },
);
