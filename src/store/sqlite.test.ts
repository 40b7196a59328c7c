import { createRequire } from 'node:module';
import test from 'ava';
import type Database from 'better-sqlite3';
import { isSqliteError, openDatabase, sqliteCode } from './sqlite.js';

test('errors are told apart whichever copy of the library was loaded first', (t) => {
  t.is(openDatabase(':memory:').prepare('SELECT 1').pluck().get(), 1);
  const require = createRequire(import.meta.url);
  for (const path of Object.keys(require.cache))
    if (path.includes('better-sqlite3/lib/')) Reflect.deleteProperty(require.cache, path);
  const Copy = require('better-sqlite3') as typeof Database;
  let error: unknown;
  try {
    new Copy(':memory:').exec('SELECT nothing');
  } catch (thrown) {
    error = thrown;
  }
  t.false(error instanceof Copy.SqliteError);
  t.true(isSqliteError(error));
  t.is(sqliteCode(error), 'SQLITE_ERROR');
  t.false(isSqliteError(Object.assign(new Error('no such file'), { code: 'ENOENT' })));
});
