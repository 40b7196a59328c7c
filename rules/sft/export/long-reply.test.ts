import test from 'ava';
import fc from 'fast-check';
import { LineWriter } from '../../lib/chat/line-writer.js';
import { damaged, oddList, oddObject, oddScalar, oddString, oddValue } from '../../lib/testing/odd-json.js';
import { writeLongReply } from './long-reply.js';
import { replyMessage } from './record-reply.js';

const call = oddObject({
  id: oddScalar,
  name: oddScalar,
  call_id: oddScalar,
  arguments: oddValue,
  arguments_json: fc.oneof(
    oddValue,
    oddValue.map((text) => JSON.stringify(text)),
  ),
  function: fc.oneof(
    oddObject({ name: oddString, arguments: fc.oneof(fc.constant('null'), oddString, oddValue) }),
    oddObject({ name: oddScalar }),
    oddScalar,
  ),
});
const calls = fc.oneof({ weight: 4, arbitrary: oddList(call) }, oddValue);
const segment = oddObject({
  type: fc.constantFrom('"text"', '"image_url"'),
  text: oddString,
  image_url: oddObject({ url: oddString }),
});
const content = fc.oneof(oddString, oddScalar, oddList(segment), oddValue);
const message = fc.oneof({ weight: 8, arbitrary: oddObject({ content, tool_calls: calls }) }, oddValue);
const choice = fc.oneof({ weight: 8, arbitrary: oddObject({ message, index: oddScalar }) }, oddValue);
const response = oddObject({ id: oddString, choices: fc.oneof({ weight: 8, arbitrary: oddList(choice) }, oddValue) });
const cut = response.map((text) => `${text.slice(0, text.length >> 1)}…`);
const blanks = fc.constantFrom('', '', ' ', '\t\n\v\f\r ');
const text = fc.oneof(
  { weight: 6, arbitrary: damaged(response) },
  cut,
  oddValue,
  oddString.map((quoted) => quoted.slice(1, -1)),
  fc.constantFrom('null', '', '{…', '…', '{', '{} …', '\u00a0'),
);
/** As `JSON.stringify` has it, or with escapes for what needs none. */
const outputText = fc
  .tuple(blanks, text, blanks, fc.boolean())
  .map(([before, said, after, isEscaped]) =>
    JSON.stringify(before + said + after).replaceAll(/é|😀|…|\//g, (found) =>
      isEscaped
        ? [...Array(found.length).keys()].map((i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')
        : found,
    ),
  );

test('a reply that is passed as bytes is written as one that is read', (t) => {
  const seen = { none: 0, left: 0, written: 0 };
  fc.assert(
    fc.property(fc.option(outputText), fc.option(calls), fc.constantFrom('fixed', 'reference'), (text, own, compat) => {
      const records = Buffer.from(`  ${text ?? ''} ${own ?? ''}`);
      const start = Buffer.byteLength(text ?? '') + 3;
      const said = text === null ? undefined : { start: 2, end: start - 1 };
      const beside = own === null ? undefined : { start, end: records.length };
      const writer = new LineWriter();
      const written = writeLongReply(records, said, beside, compat, writer);
      if (written === undefined) {
        seen.left++;
        t.is(writer.length, 0);
        return;
      }
      const expected = replyMessage(records, said, beside, compat);
      seen[written === false ? 'none' : 'written']++;
      t.deepEqual(
        written === false ? undefined : { text: writer.line().toString(), ...written },
        expected,
        records.toString(),
      );
    }),
    { seed: 1, numRuns: 5000 },
  );
  t.true(seen.none > 300 && seen.written > 1500 && seen.left < seen.written, JSON.stringify(seen));
});
