import test from 'ava';
import fc from 'fast-check';
import { jsonText } from '../../lib/chat/json-text.js';
import { RecordKernel } from './record-kernel.js';
import { RowEnds } from './row-ends.js';

const text = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('m', 'crafter-000001', '', 'é', '"\\\n', 'a😀', '\ud800', 'x'.repeat(400)) },
  { weight: 1, arbitrary: fc.string({ maxLength: 4000 }) },
);
const names = fc.record({ newUnique: fc.array(text, { maxLength: 3 }), turnedTrue: fc.array(text, { maxLength: 3 }) });
const turn = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.constantFrom(0, 9, 10, 99, 100, 0x7fffffff, 0x80000000, Number.MAX_SAFE_INTEGER, -1, 1n << 53n),
);
const row = fc.record({
  session: text,
  model: fc.oneof(text, fc.constant(null)),
  provider: fc.oneof(text, fc.constant(null)),
  names,
  cumulative: fc.nat(1000),
  turn,
  record: fc.record({ userHasImage: fc.boolean(), assistantHasImage: fc.boolean() }),
});
type Row = typeof row extends fc.Arbitrary<infer T> ? T : never;

function plainEnd({ session, model, provider, names, cumulative, turn, record }: Row): string {
  const { userHasImage: user, assistantHasImage: assistant } = record;
  const metadata = {
    session_id: session,
    turn: 0,
    model,
    provider: provider || 'unknown',
    achievements: { new_unique: names.newUnique, turned_true: names.turnedTrue, cumulative_unique: cumulative },
    user_has_image: user,
    assistant_has_image: assistant,
    has_image: user || assistant,
  };
  const said = jsonText(metadata);
  // A turn may be larger than numbers are exact.
  const at = jsonText({ session_id: session }).length - 1;
  return `, "metadata": ${said.slice(0, at)}${said.slice(at).replace('"turn": 0', `"turn": ${turn}`)}}`;
}

const records = Buffer.from(
  '[{"input_messages": [{"role": "user", "parts": [{"type": "text", "text": "hi"}]}], "output_text": "yes"}]',
);

test('a row ends the same in the kernel, as a text, and written from a whole object', (t) => {
  const kernel = RecordKernel.get();
  const ends = new RowEnds();
  fc.assert(
    fc.property(fc.array(row, { maxLength: 4 }), (rows) => {
      for (const each of rows.flatMap((one) => [one, { ...one, record: { ...one.record, userHasImage: true } }])) {
        ends.open(each.session);
        ends.take({ model_name: each.model, provider: each.provider }, each.names, each.cumulative);
        const expected = plainEnd(each);
        t.is(ends.text(each.turn, each.record), expected);
        if (kernel === null) continue;
        const told = kernel.write(records, 'fixed');
        if (typeof told !== 'object') return t.fail();
        t.true(kernel.end(ends, each.turn, each.record));
        const line = kernel.take().toString();
        t.true(line.endsWith(`"content": "yes"}]${Buffer.from(expected).toString()}\n`), line);
      }
    }),
    { seed: 1, numRuns: 400 },
  );
});

test('a number or a byte string that names the model or provider is the text of it', (t) => {
  const ends = new RowEnds();
  ends.open('s');
  ends.take({ model_name: 7, provider: Buffer.from('p') }, { newUnique: [], turnedTrue: [] }, 0);
  t.true(ends.text(0, { userHasImage: false, assistantHasImage: false }).includes('"model": "7", "provider": "p"'));
});
