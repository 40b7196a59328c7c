import test from 'ava';
import fc from 'fast-check';
import { LineEnds } from '../jsonl.js';
import { damaged, oddList, oddObject, oddScalar, oddValue } from '../testing/odd-json.js';
import { EACH, type RowPath } from './canonical-kernel.js';
import { CanonicalRows } from './canonical-rows.js';
import { jsonText, tryParseJsonText } from './json-text.js';
import { LineWriter } from './line-writer.js';
import { memberAt, readMembers, writeCanonicalLine } from './row.js';

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

function canonicalLine(text: string): string {
  const writer = new LineWriter();
  writeCanonicalLine(text, writer);
  return writer.line().toString();
}

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
        const isCanonical = typeof read !== 'string' && canonicalLine(own) === own;
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
