import test from 'ava';
import fc from 'fast-check';
import { LineEnds } from '../jsonl.js';
import { damaged, oddList, oddObject, oddScalar, oddValue } from '../testing/odd-json.js';
import { CanonicalKernel, EACH, type RowPath } from './canonical-kernel.js';
import { CanonicalRows } from './canonical-rows.js';
import { jsonText, parseJsonText, tryParseJsonText } from './json-text.js';
import { readMembers } from './read-members.js';
import { memberAt } from '../testing/member-at.js';

const flag = fc.oneof(fc.constantFrom('true', 'false', '1', '[]'), oddScalar);
const row = oddObject({
  messages: fc.oneof(oddList(oddObject({ role: oddScalar, content: oddValue })), oddValue),
  metadata: fc.oneof(oddObject({ user_has_image: flag, session_id: oddScalar, turn: oddScalar }), oddValue),
});
/** As it comes, or as it is written; with another mistake in it now and then. */
const line = fc.oneof(
  { weight: 1, arbitrary: damaged(row) },
  {
    weight: 4,
    arbitrary: damaged(
      row.map((text) => {
        const value = tryParseJsonText(text);
        return value === undefined ? text : jsonText(value);
      }),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('', '{}', ' {}', '[]') },
);
const ending = fc.oneof({ weight: 4, arbitrary: fc.constant('\n') }, fc.constantFrom('\r\n', '\r'));
const texts = fc
  .tuple(fc.array(fc.tuple(line, ending), { maxLength: 8 }), fc.boolean())
  .map(([lines, isEnded]) => lines.map(([own, end], i) => own + (i < lines.length - 1 || isEnded ? end : '')).join(''));

const NAMES = ['metadata', 'metadata.user_has_image', 'metadata.turn', 'messages'];
const PATHS = NAMES.map((name): RowPath => name.split('.'));

test('what is told of is a canonical line, ends where lines end, and has the values that are read', (t) => {
  const rows = new CanonicalRows(PATHS);
  let canonical = 0;
  let found = 0;
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = Buffer.from(text);
      rows.open(bytes);
      const ends = new LineEnds(bytes);
      for (let at = 0; at < bytes.length;) {
        const isTold = rows.at(at);
        const end = ends.after(at);
        const own = bytes.toString('utf8', at, end);
        const read = readMembers(own, ['messages', 'metadata']);
        const isCanonical = typeof read !== 'string' && jsonText(parseJsonText(own)) === own;
        if (isCanonical) canonical++;
        if (isTold) {
          found++;
          t.is(rows.end, end, text);
          t.true(isCanonical, text);
          for (const [path, name] of NAMES.entries())
            t.deepEqual(rows.value(path), typeof read === 'string' ? undefined : memberAt(read, name), text);
        }
        at = ends.next(end);
      }
    }),
    { seed: 1, numRuns: 1500 },
  );
  t.true(found > 1000, String(found));
  // What has escapes by number is most of what is left to the other way.
  t.true(found > 0.25 * canonical, `${found} of ${canonical}`);
});

/** What may differ between rows of one form, and keys, which may not. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.]*|true|false|null|NaN|\[\]|\{\}/g;
const another = fc.oneof(
  fc.constantFrom('true', 'true', 'false', 'null', '0', '1', '10', '1.5', '1.50', '-0', '[]', '{}', '""', '"a"'),
  fc.constantFrom(
    '"a\\n"',
    '"a\\nb"',
    '"a\\\\"',
    '"a\\\\n"',
    '["a"]',
    '{"a": [1]}',
    '{"a": 1, "a": 2}',
    '[1,2]',
    '"user_has_image"',
  ),
  fc.constantFrom('"' + 'x'.repeat(60) + '"', '"' + 'x'.repeat(60) + '\\n"', '"' + 'x'.repeat(61) + 'é"', '"\\u0041"'),
  oddValue,
);
const usual = fc.oneof({ weight: 9, arbitrary: another }, oddValue);
const usualFlag = fc.oneof({ weight: 9, arbitrary: fc.constantFrom('true', 'true', 'false', 'null') }, oddValue);
const usualRow = fc
  .record({
    messages: oddList(oddObject({ role: usual, content: usual })),
    metadata: oddObject({ user_has_image: usualFlag, list: oddList(usual), turn: usualFlag }),
  })
  .map(({ messages, metadata }) => `{"messages":${messages},"metadata":${metadata}}`);
/** Rows of one form, most of them. */
const alike = fc
  .tuple(usualRow, fc.array(fc.array(fc.tuple(fc.nat(), another), { maxLength: 3 }), { minLength: 1, maxLength: 10 }))
  .map(([text, all]) => {
    const value = tryParseJsonText(text);
    const first = value === undefined ? text : jsonText(value);
    return all.map((changes) => {
      let changed = first;
      for (const [at, token] of changes) {
        const places = [...changed.matchAll(TOKEN)];
        const place = places[at % Math.max(1, places.length)];
        if (place !== undefined)
          changed = changed.slice(0, place.index) + token + changed.slice(place.index + place[0].length);
      }
      return changed;
    });
  });
const mostlyFeeds = fc.oneof({ weight: 20, arbitrary: fc.constant('\n') }, ending);
const manyAlike = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: alike },
      line.map((one) => [one]),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .chain((groups) => {
    const lines = groups.flat();
    return fc
      .tuple(fc.array(mostlyFeeds, { minLength: lines.length, maxLength: lines.length }), fc.boolean())
      .map(([ends, isEnded]) =>
        lines.map((own, i) => own + (i < lines.length - 1 || isEnded ? (ends[i] ?? '') : '')).join(''),
      );
  });

test('runs are of the rows that are told of one by one, and have what these have', (t) => {
  const flagPaths = ['metadata.user_has_image', 'metadata.turn', 'a'].map((name): RowPath => name.split('.'));
  const whole = new CanonicalRows(flagPaths);
  const one = new CanonicalRows(flagPaths);
  const counts = { runs: 0, rows: 0, long: 0 };
  fc.assert(
    fc.property(manyAlike, (text) => {
      const bytes = Buffer.from(text);
      const ends = new LineEnds(bytes);
      /** The flags of the row on a line; undefined where it is not to be in a run. */
      const flagsAt = (start: number, end: number): number | undefined => {
        one.open(bytes.subarray(start, end));
        if (!one.at(0) || one.end !== end - start || bytes[end] === 0x0d) return undefined;
        const values = flagPaths.map((_, path) => one.value(path));
        const areFlags = values.every((value) => value === undefined || value === null || typeof value === 'boolean');
        return areFlags ? values.reduce<number>((all, value, i) => all | (value === true ? 1 << i : 0), 0) : undefined;
      };
      const expected: (number | undefined)[] = [];
      const starts: number[] = [];
      for (let at = 0; at < bytes.length;) {
        const end = ends.after(at);
        starts.push(at);
        expected.push(flagsAt(at, end));
        at = ends.next(end);
      }
      starts.push(bytes.length);
      whole.open(bytes);
      const found: (number | undefined)[] = [];
      while (found.length < expected.length) {
        const runs = whole.runs(starts[found.length] ?? 0);
        for (const { start, end, rows, flags } of runs) {
          t.is(start, starts[found.length] ?? -1);
          for (let i = 0; i < rows; i++) found.push(flags);
          t.is(end, starts[found.length] ?? -1);
          counts.runs++;
          counts.rows += rows;
          if (rows > 3) counts.long++;
        }
        // What ended them is nothing that belongs into one.
        if (found.length < expected.length) {
          t.is(expected[found.length], undefined, text);
          found.push(undefined);
        }
      }
      t.deepEqual(found, expected, text);
    }),
    { seed: 1, numRuns: 3000 },
  );
  t.true(counts.runs > 3000 && counts.rows > 1.3 * counts.runs && counts.long > 50, JSON.stringify(counts));
});

test('lines are gone to in any order, and those of two texts in turns', (t) => {
  const all = [1, 2].map((n) => {
    const own = new CanonicalRows([['metadata', 'n'], ['m']]);
    own.open(Buffer.from(`{"metadata": {"n": ${n}}}\n{"metadata": {"n": ${10 * n}}}`));
    return own;
  });
  const read = (start: number) => all.map((own) => (own.at(start) ? own.value(0) : undefined));
  t.deepEqual(read(0), [1, 2]);
  t.deepEqual(read(23), [10, 20]);
  t.deepEqual(read(0), [1, 2]);
  t.deepEqual(read(1), [undefined, undefined]);
  t.deepEqual(read(23), [10, 20]);
  t.is(all[0]?.value(1), undefined);
});

test('a text is read where it lies, and no other may be opened meanwhile', (t) => {
  const room = CanonicalKernel.get()?.room;
  if (room === undefined) return t.pass();
  const rows = new CanonicalRows([['n']]);
  for (const text of ['{"n": 1}\n{"n": 2}', '{"n": 3}\n']) {
    room.fill('x');
    const length = room.write(text);
    rows.open(room.subarray(0, length));
    t.true(rows.at(0));
    t.is(rows.value(0), text === '{"n": 3}\n' ? 3 : 1);
    t.is(rows.at(9), length > 10);
  }
  rows.open(room.subarray(0, 8));
  new CanonicalRows([]).open(Buffer.from('{}'));
  t.throws(() => rows.at(0), { message: /another text/ });
});

test('values are visited as they end', (t) => {
  const rows = new CanonicalRows([['a', EACH], ['a', EACH, 'b'], ['c']]);
  const text = Buffer.from('{"a": [{"b": "x"}, 2], "c": "y"}\n{"c": []}');
  rows.open(text);
  const visited = (at: number) => {
    const values: [number, string, boolean][] = [];
    rows.at(at);
    rows.each((path, start, end) => values.push([path, text.toString('utf8', start, end), rows.isString(start)]));
    return values;
  };
  t.deepEqual(visited(0), [
    [1, '"x"', true],
    [0, '{"b": "x"}', false],
    [0, '2', false],
    [2, '"y"', true],
  ]);
  t.deepEqual(visited(33), [[2, '[]', false]]);
  t.true(rows.is(34, 37, '"c"'));
  t.false(rows.is(34, 37, '"d"'));
  t.false(rows.is(34, 38, '"c"'));
});

test('text that is not UTF-8, or too long, is not read so, nor any without a kernel', (t) => {
  const rows = new CanonicalRows([]);
  for (const text of [Buffer.from([...Buffer.from('{}\n'), 0xff]), Buffer.alloc((4 << 20) + 1, '{}\n')]) {
    rows.open(text);
    t.false(rows.at(0));
  }
  const none = new CanonicalRows([], null);
  none.open(Buffer.from('{}'));
  t.false(none.at(0));
});

test('a string is as long as it says, whatever characters it has, and is that', (t) => {
  const rows = new CanonicalRows([['a']]);
  const piece = fc.oneof(
    fc.constantFrom('a', 'é', '…', '😀', '\n', '"', '\\', '\u2028', 'x'.repeat(15), 'y'.repeat(64), 'ü😀'.repeat(9)),
    fc.string({ unit: 'grapheme', maxLength: 5 }),
  );
  let told = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      rows.open(Buffer.from(`{"a": ${JSON.stringify(text)}}`));
      if (!rows.at(0)) return;
      told++;
      t.is(rows.value(0), text);
      rows.each((_, start, end) => {
        t.is(rows.string(start, end), text);
        t.is(rows.stringLength(start, end), text.length);
      });
    }),
    { seed: 1, numRuns: 3000 },
  );
  t.true(told > 2500, String(told));
});
