import test from 'ava';
import fc from 'fast-check';
import { jsonText, tryParseJsonText } from '../../lib/chat/json-text.js';
import { isMap } from '../../lib/chat/json-value.js';
import { oddList, oddObject, oddScalar, oddValue } from '../../lib/testing/odd-json.js';
import { comparedRows } from './across.js';

const image = fc.oneof(
  { weight: 3, arbitrary: oddObject({ url: oddScalar, detail: oddScalar }) },
  fc.constantFrom('"data:a"', '"b\\n"', '"é"'),
);
const segment = oddObject({ type: fc.constantFrom('"image_url"', '"image_url"', '"text"'), image_url: image });
const row = oddObject({
  messages: oddList(oddObject({ content: fc.oneof({ weight: 3, arbitrary: oddList(segment) }, oddValue) })),
  metadata: fc.oneof(oddObject({ session_id: oddScalar, turn: oddScalar }), oddScalar),
});

test('what is compared of rows is the same by places and read', (t) => {
  let sessions = 0;
  let images = 0;
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
      const lines = rows
        .map((line) => tryParseJsonText(line))
        .flatMap((value) => (isMap(value) ? jsonText(value) : []));
      if (lines.length === 0) return;
      const all = ([undefined, null] as const).map((kernel) =>
        Array.from(comparedRows(lines, kernel), (each) => [each.line.toString(), each.session(), each.images()]),
      );
      t.deepEqual(all[0], all[1]);
      t.deepEqual(
        all[0]?.map(([line]) => line),
        lines,
      );
      for (const [, session, its] of all[1] ?? []) {
        if (session !== undefined) sessions++;
        if (its !== undefined) images++;
      }
    }),
    { seed: 1, numRuns: 2000 },
  );
  t.true(sessions > 300 && images > 100, `${sessions} sessions, ${images} rows with images`);
});
