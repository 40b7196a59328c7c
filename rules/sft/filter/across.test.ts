import test from 'ava';
import fc from 'fast-check';
import { jsonText, tryParseJsonText } from '../../lib/chat/json-text.js';
import { isMap } from '../../lib/chat/json-value.js';
import { oddList, oddObject, oddScalar, oddValue } from '../../lib/testing/odd-json.js';
import { AcrossRows, comparedRows } from './across.js';

const image = fc.oneof(
  { weight: 3, arbitrary: oddObject({ url: oddScalar, detail: oddScalar }) },
  fc.constantFrom('"data:a"', '"b\\n"', '"é"'),
);
const segment = oddObject({ type: fc.constantFrom('"image_url"', '"image_url"', '"text"'), image_url: image });
const row = oddObject({
  messages: oddList(oddObject({ content: fc.oneof({ weight: 3, arbitrary: oddList(segment) }, oddValue) })),
  metadata: fc.oneof(oddObject({ session_id: oddScalar, turn: oddScalar }), oddScalar),
});

test('what is compared of rows is the same with the kernel and without', (t) => {
  let sessions = 0;
  let images = 0;
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
      const lines = rows
        .map((line) => tryParseJsonText(line))
        .flatMap((value) => (isMap(value) ? jsonText(value) : []));
      if (lines.length === 0) return;
      const all = ([undefined, null] as const).map((kernel) =>
        Array.from(comparedRows(Buffer.from(lines.join('\n')), kernel), (each) => [
          each.line.toString(),
          each.session(),
          each.images(),
        ]),
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

test('a row that is longer than the kernel takes is compared as any other', (t) => {
  const urls = ['data:a', 'b\n"', 'é😀', '\ud83d', '\ufffd'];
  const rowOf = (images: readonly string[], session: string, more: string) =>
    jsonText({
      messages: [{ content: images.map((url) => ({ type: 'image_url', image_url: { url } })) }, { content: more }],
      metadata: { session_id: session },
    });
  const long = 'x'.repeat(5 << 20);
  const dropped = (params: ConstructorParameters<typeof AcrossRows>[0], lines: readonly string[]) => {
    const across = new AcrossRows(params);
    return lines.flatMap((line) => Array.from(comparedRows(Buffer.from(line)), (each) => across.dropReason(each)));
  };
  const lines = [
    rowOf(urls, 'a', 'short'),
    rowOf(['\ufffd'], 'a', 'short'),
    rowOf(['\ud83d'], 'b', 'short'),
    rowOf(urls, 'a', long),
  ];
  t.deepEqual(dropped({ dedupe: 'images' }, lines), [undefined, undefined, undefined, 'duplicate images']);
  t.deepEqual(dropped({ dedupe: 'images' }, lines.toReversed()), [undefined, undefined, undefined, 'duplicate images']);
  t.deepEqual(dropped({ max_per_session: 2 }, lines).at(-1), 'enough rows of its session');
  const twice = [lines[3] ?? '', lines[0] ?? '', lines[3] ?? ''];
  t.deepEqual(dropped({ dedupe: 'rows' }, twice), [undefined, undefined, 'duplicate row']);
});
