import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { databaseBeside, isEmptySide } from './empty-side.js';

test('what SQLite leaves beside a database that it reads is told from what holds content', (t) => {
  const wal = join(tempFolder(t), 'a.db-wal');
  t.true(isEmptySide(wal));
  writeFileSync(wal, '');
  t.true(isEmptySide(wal));
  writeFileSync(wal, 'a page');
  t.false(isEmptySide(wal));
  rmSync(wal);
  t.true(isEmptySide(wal));
  t.false(isEmptySide(join(wal, '..', 'a.db')));
  t.is(databaseBeside(wal), join(wal, '..', 'a.db'));
  t.is(databaseBeside('a.db-shm'), undefined);
});
