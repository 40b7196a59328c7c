import test from 'ava';
import fc from 'fast-check';
import { oddList, oddObject, oddScalar, oddValue } from '../testing/odd-json.js';
import { EACH, type RowPath } from './canonical-kernel.js';
import { CanonicalRows } from './canonical-rows.js';
import { jsonText, tryParseJsonText } from './json-text.js';
import { isMap } from './json-value.js';
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
      const walked = WalkedRow.of(line, PATHS);
      rows.open(line);
      if (walked === undefined || !rows.at(0)) return;
      both++;
      const told = [rows, walked].map((one) => {
        const visited: unknown[] = [];
        one.each((path, start, end) =>
          visited.push([path, line.toString('utf8', start, end), one.isString(start), one.is(start, end, 'true')]),
        );
        return [visited, PATHS.map((_, path) => one.jsonText(path))];
      });
      values += told[0]?.[0]?.length ?? 0;
      t.deepEqual(told[1], told[0], line.toString());
    }),
    { seed: 1, numRuns: 5000 },
  );
  t.true(both > 500 && values > 2 * both, `${values} values of ${both} rows`);
});

test('a row of any length is told of; one that is no JSON of the usual kind, or no UTF-8, is not', (t) => {
  const long = 'x'.repeat(5 << 20);
  const line = Buffer.from(
    `{"messages": [{"content": ["${long}", {"a": "${long}"}]}], "metadata": {"session_id": "s"}}`,
  );
  const walked = WalkedRow.of(line, PATHS);
  t.is(walked?.jsonText(0), '"s"');
  t.is(walked?.jsonText(3), `"${long}"`);
  t.is(walked?.jsonText(4), undefined);
  for (const bytes of ['{"a": 1', '{"a": 1} 2', '{"a\\n": 1}', '{"a": "\t"}', ''])
    t.is(WalkedRow.of(Buffer.from(bytes), PATHS), undefined, bytes);
  t.is(WalkedRow.of(Buffer.from([...Buffer.from('{"a": "'), 0xff, ...Buffer.from('"}')]), PATHS), undefined);
});
