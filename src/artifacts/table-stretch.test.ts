import Database from 'better-sqlite3';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { PageWindow } from './page-window.js';
import { joinedChunks } from './sqlite-chunks.js';
import { pageLayout } from './sqlite-pages.js';
import { StretchDigester, stretchesOf, type StretchDigest, type TableStretch } from './table-stretch.js';

const PLAIN = { isRowid: false, isReal: false };

interface Opened {
  readonly window: PageWindow;
  readonly table: Omit<TableStretch, 'from' | 'to'>;
}

function opened(t: ExecutionContext, size: number, rows: Iterable<readonly [id: number, text: string]>): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'vlmbuild-stretch-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'a.db');
  const db = new Database(path);
  db.pragma('synchronous = OFF');
  db.pragma(`page_size = ${size}`);
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); BEGIN');
  const insert = db.prepare('INSERT OR REPLACE INTO t VALUES (?, ?)');
  for (const row of rows) insert.run(...row);
  db.exec('COMMIT');
  const root = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 't'").pluck().get() as number;
  db.close();
  const file = openSync(path, 'r');
  t.teardown(() => closeSync(file));
  const layout = pageLayout(file);
  if (layout === undefined) throw new Error('it is a database');
  const table = { table: 't', root, columns: [{ ...PLAIN, isRowid: true }, PLAIN], chunks: 'by key' } as const;
  return { window: new PageWindow(file, layout), table };
}

function digested(digester: StretchDigester, stretch: TableStretch): StretchDigest {
  const steps = digester.digest(stretch);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done !== true) continue;
    if (step.value === undefined) throw new Error('a row is odd');
    return step.value;
  }
}

/** What stretches come to when they are digested in the order of their places in `order`. */
function together(window: PageWindow, stretches: readonly TableStretch[], order: readonly number[]) {
  const digester = new StretchDigester(window, 'with short rows');
  const found: StretchDigest[] = [];
  for (const i of order) found[i] = digested(digester, stretches[i] as TableStretch);
  const pieces = found.flatMap(({ shortRows }) => shortRows).sort((a, b) => a.first - b.first);
  return {
    chunks: joinedChunks(found.map(({ chunks }) => chunks)),
    shortRows: Buffer.concat(pieces.map(({ bytes }) => bytes)),
  };
}

test('stretches in any order come to what the table comes to at one go', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(512, 4096),
      fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 40 }), fc.constantFrom(5, 60, 1500)), {
        minLength: 1,
        maxLength: 60,
      }),
      fc.integer(),
      (size, runs, seed) => {
        let id = 0;
        const rows = runs.flatMap(([gap, count, length]) => {
          id += gap;
          return Array.from({ length: 8 * count }, () => [++id, `${id} `.repeat(length / 5)] as const);
        });
        const { window, table } = opened(t, size, rows);
        const stretches = stretchesOf(window, table);
        t.is(stretches[0]?.from, -Infinity);
        t.is(stretches.at(-1)?.to, Infinity);
        for (const [i, { to }] of stretches.slice(0, -1).entries()) t.is(stretches[i + 1]?.from, to);
        const order = stretches.map((_, i) => i).sort((a, b) => ((a * 7919 + seed) % 31) - ((b * 7919 + seed) % 31));
        const whole = [{ ...table, from: -Infinity, to: Infinity }];
        t.deepEqual(together(window, stretches, order), together(window, whole, [0]));
      },
    ),
    { seed: 4, numRuns: 25 },
  );
});

test('a large table has many stretches of about as many rows, with gaps between the keys or without; a small one has one', (t) => {
  const rows = Array.from({ length: 60_000 }, (_, i) => [i + (i > 20_000 ? 5_000_000 : 0), 'x'.repeat(60)] as const);
  const { window, table } = opened(t, 512, rows);
  const digester = new StretchDigester(window, 'alone');
  const counts = stretchesOf(window, table).map((stretch) =>
    digested(digester, stretch).chunks.rows.reduce((sum, count) => sum + count, 0),
  );
  t.true(counts.length >= 32 && counts.length <= 1024, `${counts.length} stretches`);
  t.true(Math.max(...counts) < 4 * (60_000 / counts.length), `one of ${counts.length} has ${Math.max(...counts)} rows`);
  const small = opened(t, 4096, rows.slice(0, 500));
  t.is(stretchesOf(small.window, small.table).length, 1);
});

test('where chunks begin by place is not told by the keys: a table without one is one stretch', (t) => {
  const rows = Array.from({ length: 60_000 }, (_, i) => [i, 'x'.repeat(60)] as const);
  const { window, table } = opened(t, 512, rows);
  t.is(stretchesOf(window, { ...table, chunks: 'by place' }).length, 1);
});
