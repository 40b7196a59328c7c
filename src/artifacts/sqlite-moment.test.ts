import Database from 'better-sqlite3';
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { momentOf as momentOfFile } from './sqlite-moment.js';

function momentOf(path: string): string | undefined {
  if (!existsSync(path)) return momentOfFile(path, -1);
  const file = openSync(path, 'r');
  try {
    return momentOfFile(path, file);
  } finally {
    closeSync(file);
  }
}

function database(t: ExecutionContext, mode: 'DELETE' | 'WAL'): { path: string; db: Database.Database } {
  const folder = mkdtempSync(join(tmpdir(), 'vlmbuild-moment-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'a.db');
  const db = new Database(path);
  db.pragma(`journal_mode = ${mode}`);
  db.exec("CREATE TABLE t (x); INSERT INTO t VALUES ('one')");
  return { path, db };
}

test('every commit in rollback mode makes another moment, even where size and times stay', (t) => {
  const { path, db } = database(t, 'DELETE');
  const before = momentOf(path);
  t.is(momentOf(path), before);
  t.not(before, undefined);
  const { atime, mtime } = statSync(path);
  db.exec("UPDATE t SET x = 'two'");
  utimesSync(path, atime, mtime);
  t.not(momentOf(path), before);
  db.close();
});

test('reading makes no other moment', (t) => {
  const { path, db } = database(t, 'DELETE');
  db.close();
  const before = momentOf(path);
  const reader = new Database(path, { readonly: true });
  reader.exec('BEGIN');
  t.is(reader.prepare('SELECT x FROM t').pluck().get(), 'one');
  t.is(momentOf(path), before);
  reader.close();
  t.is(momentOf(path), before);
});

test('another file under the name is another moment', (t) => {
  const { path, db } = database(t, 'DELETE');
  db.close();
  const before = momentOf(path);
  copyFileSync(path, `${path}.copy`);
  rmSync(path);
  copyFileSync(`${path}.copy`, path);
  t.not(momentOf(path), before);
});

test('what is in a -wal, or may just have been moved out of one, cannot be told', (t) => {
  const { path, db } = database(t, 'WAL');
  t.true(statSync(`${path}-wal`).size > 0);
  t.is(momentOf(path), undefined);
  db.close();
  t.is(momentOf(path), undefined);
  t.is(momentOf(`${path}.none`), undefined);
});
