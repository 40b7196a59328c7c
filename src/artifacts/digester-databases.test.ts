import { existsSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import Database from 'better-sqlite3';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { rig } from './digester-for-tests.js';
import { kindNamed } from './kinds.js';

test('rows in a -wal count as an edit of the database; an empty -wal does not', async (t) => {
  const r = rig(t);
  const path = join(r.root, 'a.db');
  const writer = new Database(path);
  writer.exec(
    'PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1); PRAGMA wal_checkpoint(TRUNCATE)',
  );
  r.later();
  const first = await r.open().digest('a.db', 'sqlite');
  t.is(r.open().known('a.db', 'sqlite'), first);
  t.not(await r.open().digest('a.db', 'file'), first);
  writer.exec('INSERT INTO t VALUES (2)');
  r.later();
  t.is(r.open().known('a.db', 'sqlite'), undefined);
  const second = await r.open().digest('a.db', 'sqlite');
  t.not(second, first);
  t.is(r.open().known('a.db', 'sqlite'), second);
  writer.pragma('wal_checkpoint(TRUNCATE)');
  r.later();
  t.is(await r.open().digest('a.db', 'sqlite'), second);
  t.is(r.open().known('a.db', 'sqlite'), second);
  writer.close();
  t.is(r.open().known('a.db', 'sqlite'), second);
});

test('a transaction that ends while its database is read takes its journal with it', async (t) => {
  const r = rig(t);
  const writer = new Database(join(r.root, 'a.db'));
  t.teardown(() => writer.close());
  writer.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)');
  const before = await r.open().digest('a.db', 'sqlite');
  r.later();
  writer.exec('BEGIN; INSERT INTO t VALUES (2)');
  t.true(existsSync(join(r.root, 'a.db-journal')));
  const after = await r.open('stat', () => writer.inTransaction && writer.exec('COMMIT')).digest('a.db', 'sqlite');
  t.not(after, before);
  t.is(after, await r.open('nothing').digest('a.db', 'sqlite'));
});

test('rows in the -wal of a database that a link leads to count', async (t) => {
  const r = rig(t);
  r.put('real/.keep', '');
  const writer = new Database(join(r.root, 'real/a.db'));
  writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)');
  symlinkSync('real/a.db', join(r.root, 'link.db'));
  r.later();
  const first = await r.open().digest('link.db', 'sqlite');
  writer.exec('INSERT INTO t VALUES (2)');
  r.later();
  const digester = r.open();
  t.is(digester.known('link.db', 'sqlite'), undefined);
  const second = await digester.digest('link.db', 'sqlite');
  t.not(second, first);
  t.is(second, await r.open().digest('real/a.db', 'sqlite'));
  t.true(digester.touched().includes(join(r.root, 'real/a.db-wal')));
  writer.close();
});

test('a database that was written when it was installed is not taken for what was installed', async (t) => {
  const r = rig(t);
  const path = join(r.root, 'a.db');
  const edit = (sql: string): unknown => new Database(path).exec(sql).close();
  edit("CREATE TABLE t (x); INSERT INTO t VALUES ('installed')");
  const record = await kindNamed('sqlite').keep(path, r.objects);
  edit("UPDATE t SET x = 'a writer’s'");
  await r.open().record('a.db', 'sqlite', record);
  // Later it is looked at again, whatever its stat said.
  r.later();
  utimesSync(path, 1000, 1000);
  const digest = await r.open().digest('a.db', 'sqlite');
  t.not(digest, record.digest);
  t.is(digest, await r.open('nothing').digest('a.db', 'sqlite'));
});

test('a folder of sqld is one database', async (t) => {
  const r = rig(t);
  r.put('server/dbs/default/data', '');
  r.put('other/x', '');
  new Database(join(r.root, 'server/dbs/default/data')).exec('CREATE TABLE t (x)').close();
  r.later();
  const digest = await r.open().digest('server', 'sqlite');
  t.is(r.open().known('server', 'sqlite'), digest);
  t.is(r.open().known('other', 'sqlite'), undefined);
  await t.throwsAsync(r.open().digest('other', 'sqlite'), { instanceOf: UserFacingError });
  t.is(r.open().known('none', 'sqlite'), 'absent');
});
