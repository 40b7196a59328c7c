import test from 'ava';
import fc from 'fast-check';
import { jsonText, tryParseJsonText } from '../../lib/chat/json-text.js';
import { isMap, isTruthy, type JsonMap, type JsonValue } from '../../lib/chat/json-value.js';
import { readMembers } from '../../lib/chat/read-members.js';
import { memberAt } from '../../lib/testing/member-at.js';
import { oddList, oddObject, oddScalar, oddValue } from '../../lib/testing/odd-json.js';
import { DecidingRows, dropReason, type DecidingRow } from './keep.js';
import { filterParams, rowParams } from './params.js';

const names = oddList(fc.oneof(fc.constantFrom('"x"', '"y"', '"z"'), oddScalar));
const image = fc.oneof(
  {
    weight: 4,
    arbitrary: oddObject({ url: fc.constantFrom('"data:a"', '"data:b"', '""', '1', '{}'), detail: oddScalar }),
  },
  oddScalar,
);
const segment = oddObject({
  type: fc.constantFrom('"image_url"', '"image_url"', '"image_url"', '"text"', 'null', '"image\\n_url"'),
  image_url: image,
  text: oddScalar,
});
const content = fc.oneof(oddList(segment, 4), oddList(segment, 4), oddList(fc.oneof(segment, oddValue)), oddValue);
const row = oddObject({
  messages: fc.oneof(oddList(oddObject({ content, role: oddScalar })), oddValue),
  metadata: fc.oneof(
    {
      weight: 5,
      arbitrary: oddObject({
        user_has_image: fc.oneof(fc.constant('true'), oddScalar),
        assistant_has_image: fc.constantFrom('true', 'true', '0'),
        reward: fc.constantFrom('1', '2', '0.5', 'null', '"3"'),
        achievements: fc.oneof(oddObject({ new_unique: names, turned_true: names }), oddValue),
      }),
    },
    oddValue,
  ),
});
const params = fc.record(
  {
    include_assistant: fc.boolean(),
    min_images: fc.nat(2),
    max_images: fc.constantFrom(0, 0, 1),
    min_reward: fc.constantFrom(0, 1, 2),
    require_new_achievement: fc.boolean(),
    drop_achievements: fc.subarray(['x', 'y', 'null']),
  },
  { requiredKeys: [] },
);

function objects(list: JsonValue | undefined): JsonMap[] {
  return Array.isArray(list) ? list.filter((item) => isMap(item)) : [];
}

function images(row: JsonMap): number {
  return objects(row.get('messages'))
    .flatMap((message) => objects(message.get('content')))
    .filter((segment) => {
      const image = segment.get('image_url');
      const url = isMap(image) ? image.get('url') : image;
      return segment.get('type') === 'image_url' && typeof url === 'string';
    }).length;
}

/** A row that is read. */
function readRow(row: JsonMap): DecidingRow {
  return {
    isTrue: (name) => isTruthy(memberAt(row.get('metadata'), name)),
    metadata: (name) => memberAt(row.get('metadata'), name),
    images: () => images(row),
  };
}

test('a row that is read by places is dropped for the reason for which it is dropped when it is read', (t) => {
  const reasons = new Map<string | undefined, number>();
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), params, (rows, given) => {
      const lines = rows.map((text) => jsonText(tryParseJsonText(text) ?? null));
      const text = Buffer.from(lines.join('\n'));
      const own = rowParams(filterParams.parse(given));
      const quick = new DecidingRows(own);
      quick.rows.open(text);
      let at = 0;
      for (const line of lines) {
        const isTold = quick.rows.at(at);
        at += Buffer.byteLength(line) + 1;
        const read = readMembers(line, ['messages', 'metadata']);
        if (typeof read === 'string') continue;
        const reason = dropReason(readRow(read), own);
        t.is(dropReason(quick.walked(Buffer.from(line)), own), reason, line);
        if (isTold) t.is(dropReason(quick.row, own), reason, line);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    }),
    { seed: 1, numRuns: 3000 },
  );
  for (const reason of [
    undefined,
    'no user image',
    'no assistant image',
    'too few images',
    'too many images',
    'reward too small',
    'no new achievement',
    'unwanted achievement',
  ])
    t.true((reasons.get(reason) ?? 0) > 10, `${reason}: ${reasons.get(reason)}`);
});
