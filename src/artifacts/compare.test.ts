import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { compareContent, compareRows } from './compare.js';

function rows(before: string, now: string) {
  const found = compareRows(Array.from(before), Array.from(now));
  if (found.unit !== 'rows') throw new Error('rows were compared');
  const { removed, added, changed, reordered } = found;
  return { removed: removed.first, added: added.first, changed: changed.first, reordered };
}

test('rows that changed, came, went, or moved are told by their numbers', (t) => {
  const none = { removed: [], added: [], changed: [], reordered: false };
  t.deepEqual(rows('abcdef', 'abXdYf'), { ...none, changed: [3, 5] });
  t.deepEqual(rows('abcdef', 'abcXYdef'), { ...none, added: [4, 5] });
  t.deepEqual(rows('abcdef', 'acdf'), { ...none, removed: [2, 5] });
  t.deepEqual(rows('abcdef', 'abdcef'), { ...none, reordered: true });
  t.deepEqual(rows('abcdef', 'Xabcde'), { ...none, removed: [6], added: [1] });
  t.deepEqual(rows('aab', 'ab'), { ...none, removed: [2] });
});

test('what is told says how many rows came and went', (t) => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, now) => {
      const found = compareRows(before, now);
      if (found.unit !== 'rows') return false;
      return now.length - before.length === found.added.count - found.removed.count;
    }),
  );
  t.pass();
});

test('of many tables that differ the first are named, and the rest counted', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'compare-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const names = Array.from({ length: 25 }, (_, i) => `t${i}`);
  const write = (name: string, value: number): string => {
    const database = new Database(join(folder, name));
    for (const table of names) database.exec(`CREATE TABLE ${table} (a); INSERT INTO ${table} VALUES (${value})`);
    database.close();
    return join(folder, name);
  };
  const found = await compareContent('sqlite', write('a.db', 1), write('b.db', 2));
  if (found.unit !== 'tables') throw new Error('tables were compared');
  t.is(found.changedCount, 25);
  t.is(found.changed.length, 20);
});
