import test from 'ava';
import fc from 'fast-check';
import { CanonicalRows } from '../../lib/chat/canonical-rows.js';
import { headImage } from '../../lib/chat/image-size.js';
import { jsonText, tryParseJsonText } from '../../lib/chat/json-text.js';
import { isMap, type JsonMap, type JsonValue } from '../../lib/chat/json-value.js';
import { readMembers } from '../../lib/chat/read-members.js';
import { memberAt } from '../../lib/testing/member-at.js';
import { WalkedRow } from '../../lib/chat/walked-row.js';
import { oddList, oddObject, oddScalar, oddString, oddValue } from '../../lib/testing/odd-json.js';
import { QuickTally, ROW_PATHS } from './quick-tally.js';
import { Tally } from './tally.js';

const PNG = `iVBORw0KGgoAAAANSUhEUgAAAEAAAAAw${'A'.repeat(6000)}`;
// A JPEG whose frame header comes behind more than the head of the URL: a comment of 60,000 bytes is before it.
const JPEG = Buffer.concat([
  Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0xea, 0x60]),
  Buffer.alloc(59_998),
  Buffer.from([0xff, 0xc0, 0, 17, 8, 0, 48, 0, 64, 3]),
]).toString('base64');
const url = fc.oneof(
  fc
    .constantFrom(
      ...['data:image/png;base64,iVBORw0KGgo=', `data:image/png;base64,${PNG}`, `data:image/png;base64,${PNG}==`],
      ...[
        `data:image/jpeg;base64,${JPEG}`,
        'https://x/y.png',
        'data:image/png,x',
        `data:;${'p'.repeat(400)};BASE64,${PNG}`,
      ],
      ...['data:image/png;base64,é', `data:image/gif;base64,R0lGODlhQAAwAAAA\\"${'A'.repeat(6000)}`, ''],
    )
    .map((text) => JSON.stringify(text)),
  oddScalar,
);
const text = fc.oneof(oddString, oddString, oddScalar);
const segment = oddObject({
  type: fc.constantFrom('"image_url"', '"image_url"', '"text"', '"text"', '"other"', 'null'),
  text,
  image_url: fc.oneof({ weight: 3, arbitrary: oddObject({ url, detail: oddScalar }) }, url),
});
const call = fc.oneof(
  { weight: 4, arbitrary: oddObject({ id: oddScalar, function: oddObject({ name: text, arguments: text }) }) },
  oddValue,
);
const message = oddObject({
  tool_calls: fc.oneof({ weight: 3, arbitrary: oddList(call) }, oddValue),
  content: fc.oneof({ weight: 4, arbitrary: oddList(fc.oneof(segment, segment, segment, oddValue)) }, text, oddValue),
  role: fc.oneof(fc.constantFrom('"user"', '"assistant"'), oddScalar),
});
const names = fc.oneof(oddList(fc.constantFrom('"x"', '"y"', '1')), oddScalar);
const oddRow = oddObject({
  messages: fc.oneof({ weight: 5, arbitrary: oddList(fc.oneof(message, message, message, oddValue)) }, oddValue),
  metadata: fc.oneof(
    {
      weight: 5,
      arbitrary: oddObject({
        session_id: fc.oneof(fc.constantFrom('"a"', '"b"', '1.5'), oddScalar),
        turn: fc.oneof(fc.constantFrom('1', '2', '"3"', '4.0'), oddScalar),
        model: fc.oneof(fc.constant('"m"'), oddScalar),
        achievements: fc.oneof(oddObject({ new_unique: names, turned_true: names }), oddValue),
      }),
    },
    oddValue,
  ),
});

/** One as it should be: there are few images in the odd ones. */
const usualRow = fc
  .array(fc.tuple(url, text), { minLength: 1, maxLength: 3 })
  .map((segments) =>
    segments.map(
      ([its, said]) =>
        `{"type": "image_url", "image_url": {"url": ${its}}}, {"text": ${said}, "type": "text"}, {"type": "image_url", "image_url": ${its}}`,
    ),
  )
  .map((segments) => `{"messages": [{"content": [${segments.join(', ')}], "role": "user"}]}`);
const row = fc.oneof({ weight: 4, arbitrary: oddRow }, usualRow);

/** Counts a row that is read. */
function addRead(tally: Tally, row: JsonMap): void {
  const messages = row.get('messages');
  for (const message of Array.isArray(messages) ? messages : []) if (isMap(message)) addMessage(tally, message);
  tally.addMetadata((path) => memberAt(row.get('metadata'), path));
}

function addMessage(tally: Tally, message: JsonMap): void {
  const said = message.get('role');
  const role = typeof said === 'string' ? said : 'unknown';
  tally.count('roles', role);
  const content = message.get('content');
  if (typeof content === 'string') tally.count('characters', role, content.length);
  for (const segment of Array.isArray(content) ? content : []) if (isMap(segment)) addSegment(tally, segment, role);
  const calls = message.get('tool_calls');
  for (const call of Array.isArray(calls) ? calls : []) {
    const name = memberAt(call, 'function.name');
    const args = memberAt(call, 'function.arguments');
    tally.count('calls', typeof name === 'string' ? name : 'unknown');
    tally.count('characters', role, (typeof name === 'string' ? name.length : 0) + lengthOf(args));
  }
}

function addSegment(tally: Tally, segment: JsonMap, role: string): void {
  const text = segment.get('text');
  if (segment.get('type') === 'text' && typeof text === 'string') tally.count('characters', role, text.length);
  if (segment.get('type') !== 'image_url') return;
  const image = segment.get('image_url');
  const url = isMap(image) ? image.get('url') : image;
  if (typeof url !== 'string') return;
  tally.count('image roles', role);
  tally.countImage(headImage(url, url.slice(-2), url.length));
}

function lengthOf(value: JsonValue | undefined): number {
  return typeof value === 'string' ? value.length : 0;
}

test('rows are counted by places as they are when they are read', (t) => {
  let told = 0;
  const seen = new Tally();
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 3 }), (rows) => {
      const lines = rows.map((line) => jsonText(tryParseJsonText(line) ?? null)).filter((line) => line.startsWith('{'));
      const [quickly, walking, plainly] = [new Tally(), new Tally(), new Tally()];
      const quick = new CanonicalRows(ROW_PATHS);
      const [byKernel, byWalk] = [new QuickTally(quickly), new QuickTally(walking)];
      quick.open(Buffer.from(lines.join('\n')));
      let at = 0;
      for (const line of lines) {
        const isTold = quick.at(at);
        at += Buffer.byteLength(line) + 1;
        const walked = new WalkedRow(ROW_PATHS).at(Buffer.from(line));
        byWalk.addRow(walked);
        byKernel.addRow(isTold ? quick : walked);
        if (isTold) told++;
        const read = readMembers(line, ['messages', 'metadata']);
        if (typeof read === 'string') t.fail(line);
        else addRead(plainly, read);
      }
      seen.add(JSON.stringify(plainly.toJson()));
      t.deepEqual(quickly.toJson(), plainly.toJson(), lines.join('\n'));
      t.deepEqual(walking.toJson(), plainly.toJson(), lines.join('\n'));
    }),
    { seed: 1, numRuns: 3000 },
  );
  t.true(told > 1000, String(told));
  for (const image of ['png 64x48', 'jpeg 64x48', 'gif 64x48', 'unknown', 'by address'])
    t.true((seen.of('images').get(image) ?? 0) > 3, `${image}: ${JSON.stringify([...seen.of('images')])}`);
  for (const counter of ['calls', 'characters', 'models', 'new', 'turned'] as const) t.true(seen.of(counter).size > 0);
  t.true(seen.sessions.size > 3);
});
