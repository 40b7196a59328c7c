import test from 'ava';
import fc from 'fast-check';
import { oddList, oddObject, oddScalar, oddValue } from '../testing/odd-json.js';
import { EACH, type RowPath } from './canonical-kernel.js';
import { CanonicalRows } from './canonical-rows.js';
import { jsonText, tryParseJsonText } from './json-text.js';
import { isMap, isTruthy } from './json-value.js';
import { memberAt } from '../testing/member-at.js';
import { WalkedRow } from './walked-row.js';

const PATHS: readonly RowPath[] = [
  ['metadata', 'session_id'],
  ['metadata'],
  ['messages', EACH, 'content', EACH],
  ['messages', EACH, 'content', EACH, 'a'],
  ['messages', EACH, 'content', 'a'],
  ['messages', EACH],
  ['messages', 'a'],
  ['é', ''],
  ['', EACH],
];
const inner = oddList(oddObject({ a: oddValue, b: oddScalar }));
const row = oddObject({
  messages: fc.oneof(oddList(oddObject({ content: fc.oneof(inner, oddValue, oddObject({ a: oddScalar })) })), oddValue),
  metadata: fc.oneof(oddObject({ session_id: oddValue, '': oddList(oddScalar) }), oddScalar),
  é: oddObject({ '': oddScalar, é: oddScalar }),
  '': fc.oneof(oddList(oddValue), oddObject({ é: oddScalar })),
});

test('what is told of a canonical row is what the kernel tells, in the same order', (t) => {
  const rows = new CanonicalRows(PATHS);
  let both = 0;
  let values = 0;
  fc.assert(
    fc.property(row, (text) => {
      const read = tryParseJsonText(text);
      if (!isMap(read)) return;
      const line = Buffer.from(jsonText(read));
      const walked = new WalkedRow(PATHS).at(line);
      rows.open(line);
      if (!rows.at(0)) return;
      both++;
      const told = [rows, walked].map((one) => {
        const visited: unknown[] = [];
        one.each((path, start, end) => {
          const isString = one.isString(start);
          const units = isString ? one.stringLength(start, end) : 0;
          visited.push([path, line.toString('utf8', start, end), isString, one.is(start, end, 'true'), units]);
        });
        return [visited, PATHS.map((_, path) => [one.jsonText(path), one.bytes(path), one.isTrue(path)])];
      });
      values += told[0]?.[0]?.length ?? 0;
      t.deepEqual(told[1], told[0], line.toString());
    }),
    { seed: 1, numRuns: 5000 },
  );
  t.true(both > 500 && values > 2 * both, `${values} values of ${both} rows`);
});

test('any canonical row is told of', (t) => {
  fc.assert(
    fc.property(row, (text) => {
      const read = tryParseJsonText(text);
      if (!isMap(read)) return;
      const walked = new WalkedRow(PATHS).at(Buffer.from(jsonText(read)));
      for (const path of [0, 1, 6, 7]) {
        const value = memberAt(read, (PATHS[path] as string[]).join('.'));
        t.is(walked.jsonText(path), value === undefined ? undefined : jsonText(value));
        t.is(walked.isTrue(path), isTruthy(value));
      }
    }),
    { seed: 1, numRuns: 3000 },
  );
});

test('a row of any length is told of, and of any keys', (t) => {
  const long = '\\n'.repeat(1 << 20) + 'é😀"\\'.repeat(1000);
  const text = JSON.stringify(long);
  const walked = new WalkedRow([...PATHS, ['a\nb']]).at(
    Buffer.from(`{"a\\nb": 1, "messages": [{"content": [${text}, {"a": ${text}}]}], "metadata": {"session_id": "s"}}`),
  );
  t.is(walked.jsonText(0), '"s"');
  t.is(walked.jsonText(3), text);
  t.is(walked.jsonText(4), undefined);
  t.is(walked.jsonText(PATHS.length), '1');
  walked.each((path, start, end) => {
    if (path === 3) t.is(walked.stringLength(start, end), long.length);
  });
  for (const depth of [10, 999]) {
    const deep = Buffer.from(`{"a": ${'['.repeat(depth)}{"]": "["}${']'.repeat(depth)}, "metadata": 1}`);
    t.is(new WalkedRow(PATHS).at(deep).jsonText(1), '1');
  }
});

test('a long string is as long as it says, whatever characters it has', (t) => {
  for (const mark of ['', 'é', '"', '\n', '\u0001', '😀', '\ud83d']) {
    const text = 'x'.repeat(300) + mark;
    const row = new WalkedRow([['a']]).at(Buffer.from(jsonText({ a: text })));
    row.each((_, start, end) => t.is(row.stringLength(start, end), text.length, mark));
  }
});

test('the head of a string is its first units, and no half of a character', (t) => {
  const text = 'aé€😀"\\\n\u0001\ud83d😀z';
  const row = new WalkedRow([['a']]).at(Buffer.from(jsonText({ a: text })));
  row.each((_, start, end) => {
    t.is(row.stringLength(start, end), text.length);
    for (let units = 0; units <= text.length + 1; units++) {
      const endsPair = /[\ud800-\udbff]$/.test(text.slice(0, units)) && text.codePointAt(units - 1) === 0x1f600;
      t.is(row.head(start, end, units), text.slice(0, endsPair ? units + 1 : units), String(units));
    }
  });
});
