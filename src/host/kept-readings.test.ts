import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { Readings } from '../artifacts/handles.js';
import { folder } from '../artifacts/handles-for-tests.js';
import { closeReadings, keepReadings, takeReadings } from './kept-readings.js';

function databaseOf(t: ExecutionContext, value: string): string {
  const path = join(folder(t), 'a.db');
  const database = new Database(path);
  database.exec('CREATE TABLE e (x)');
  database.prepare('INSERT INTO e VALUES (?)').run(value);
  database.close();
  return path;
}

function read(readings: Readings, path: string): readonly unknown[] {
  return [...readings.of(path).queries.rows('all', { sql: 'SELECT x FROM e' })].map(({ x }) => x);
}

/** A connection in rollback mode that reads keeps writers from committing. */
function isOpen(path: string): boolean {
  const database = new Database(path, { timeout: 0 });
  try {
    database.exec('INSERT INTO e VALUES (1)');
    return false;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error;
    return true;
  } finally {
    database.close();
  }
}

test.serial('the next batch of a target has the connections of the one before', (t) => {
  const path = databaseOf(t, 'one');
  const readings = new Readings();
  t.deepEqual(read(readings, path), ['one']);
  keepReadings('full', readings);
  t.is(takeReadings('full'), readings);
  t.true(isOpen(path));
  t.is(takeReadings('full'), undefined, 'they are taken once');
  readings.close();
});

test.serial('but none to a database that is another one by then', (t) => {
  const path = databaseOf(t, 'one');
  const readings = new Readings();
  t.deepEqual(read(readings, path), ['one']);
  keepReadings('full', readings);
  rmSync(path);
  renameSync(databaseOf(t, 'other'), path);
  t.deepEqual(read(takeReadings('full') ?? readings, path), ['other']);
  readings.close();
});

test.serial('nor to one whose writer keeps it in a log, which only SQLite can order', (t) => {
  const path = databaseOf(t, 'one');
  const writer = new Database(path);
  t.teardown(() => writer.close());
  writer.exec('PRAGMA journal_mode = WAL');
  writer.exec("INSERT INTO e VALUES ('two')");
  const readings = new Readings();
  t.deepEqual(read(readings, path), ['one', 'two']);
  keepReadings('full', readings);
  writer.exec("INSERT INTO e VALUES ('three')");
  t.deepEqual(read(takeReadings('full') ?? readings, path), ['one', 'two', 'three']);
  readings.close();
});

test.serial('they are closed for any other task, and where none comes soon', async (t) => {
  const path = databaseOf(t, 'one');
  const kept = (): void => {
    const readings = new Readings();
    read(readings, path);
    keepReadings('full', readings);
    t.true(isOpen(path));
  };
  kept();
  t.is(takeReadings('other'), undefined);
  t.false(isOpen(path));
  kept();
  closeReadings();
  t.false(isOpen(path));
  kept();
  while (isOpen(path)) await new Promise((resolve) => setImmediate(resolve));
  t.is(takeReadings('full'), undefined);
});
