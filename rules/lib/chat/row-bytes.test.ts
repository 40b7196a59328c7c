import test from 'ava';
import fc from 'fast-check';
import { damaged, oddList, oddObject, oddScalar, oddValue } from '../testing/odd-json.js';
import { jsonText, tryParseJsonText } from './json-text.js';
import { LineWriter } from './line-writer.js';
import { readMembers, writeCanonicalLine } from './row.js';
import { isMap } from './json-value.js';
import { RowBytes } from './row-bytes.js';

const flag = fc.oneof(fc.constantFrom('true', 'false', '1', '[]'), oddScalar);
const row = oddObject({
  messages: fc.oneof(oddList(oddObject({ role: oddScalar, content: oddValue })), oddValue),
  metadata: fc.oneof(oddObject({ user_has_image: flag, session_id: oddScalar, turn: oddScalar }), oddValue),
});
/** As it comes, or as it is written; with another mistake in it now and then. */
const line = fc.oneof(
  damaged(row),
  damaged(
    row.map((text) => {
      const value = tryParseJsonText(text);
      return value === undefined ? text : jsonText(value);
    }),
  ),
);

function canonicalLine(text: string): string {
  const writer = new LineWriter();
  writeCanonicalLine(text, writer);
  return writer.line().toString();
}

const inner = ['user_has_image', 'turn'];
const rows = new RowBytes({ metadata: inner, messages: 'all' });

test('a line that is found canonical is one, and its members are those that are read', (t) => {
  let canonical = 0;
  let found = 0;
  fc.assert(
    fc.property(line, (made) => {
      const bytes = Buffer.from(made);
      // Half of a character that was cut through is none in bytes.
      const text = bytes.toString();
      const members = rows.members(bytes);
      const read = readMembers(text, ['metadata', 'messages']);
      const isCanonical = typeof read !== 'string' && canonicalLine(text) === text;
      if (isCanonical) canonical++;
      if (members === undefined) return;
      found++;
      t.true(isCanonical, text);
      const expected = new Map(typeof read === 'string' ? [] : read);
      const metadata = expected.get('metadata');
      if (isMap(metadata)) expected.set('metadata', new Map([...metadata].filter(([key]) => inner.includes(key))));
      t.deepEqual(members, expected, text);
    }),
    { seed: 1, numRuns: 4000 },
  );
  t.true(found > 300);
  // What has escapes by number is most of what is left to the other way.
  t.true(found > 0.25 * canonical, `${found} of ${canonical}`);
});

test('what makes a line not canonical', (t) => {
  const is = (text: string | Uint8Array) => rows.members(Buffer.from(text)) !== undefined;
  t.true(is('{"metadata": {"a": [1, -2, 0, 1.5, 1e-05, NaN, "é\\n\\ud83d"], "": {}}}'));
  for (const text of [
    ...['{"a":1}', '{"a": 1,"b": 2}', '{"a": 1 }', ' {}', '{} ', '{"a": 1, "a": 1}', '[]', '"a"', '', '{"a": 1.50}'],
    ...['{"a": -0}', '{"a": 1E5}', '{"a": "\\/"}', '{"a": "\\u000a"}', '{"a": "\\u00E9"}', '{"a": "\t"}', '{"a": 01}'],
    ...['{"a": }', '{"a"', '{"a": "', '{"a": "\\', '{"a": "\\u12', '{"a": [}', '{"a": tru', '{"a": -'],
  ])
    t.false(is(text), text);
  t.false(is(Buffer.concat([Buffer.from('{"a": "'), Buffer.from([0xff]), Buffer.from('"}')])));
});

test('a line may begin and end anywhere in a buffer', (t) => {
  for (const text of ['{}', '{', '{"a": 1}', '{"metadata": {}}', '{"a": "0123456789abcdef"}']) {
    for (let offset = 0; offset < 8; offset++) {
      const around = Buffer.alloc(64, ' ');
      around.write(text, offset);
      const line = around.subarray(offset, offset + text.length);
      t.is(rows.members(line) !== undefined, text !== '{', `${text} at ${offset}`);
      line[line.length - 1] = 0x1f;
      t.is(rows.members(line), undefined);
    }
  }
});
