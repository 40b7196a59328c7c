import test from 'ava';
import fc from 'fast-check';
import { LineWriter } from '../../lib/chat/line-writer.js';
import { damaged, oddList, oddObject, oddScalar, oddString, oddValue } from '../../lib/testing/odd-json.js';
import { RecordBytes } from './record-bytes.js';
import { RecordKernel } from './record-kernel.js';
import { RowEnds } from './row-ends.js';
import { writeRows } from './rows.js';

const or = (usual: fc.Arbitrary<string>, weight = 40) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: oddValue });
const word = (...words: readonly string[]) => or(fc.constantFrom(...words.map((text) => JSON.stringify(text))));
const quoted = (text: fc.Arbitrary<string>) => text.map((value) => JSON.stringify(value));

/** Members that stand in one record as in the next: the kernel passes them at once, where they are as they were. */
const nulls = (...also: readonly string[]) => {
  const run = (...keys: readonly string[]) => ['null', ...keys.map((key) => `${JSON.stringify(key)}: null`)].join(', ');
  const usual = run('width', 'height', 'duration_ms', 'language');
  const odd = also.map((key) => run('width', key, 'height', 'duration_ms'));
  return fc.oneof({ weight: 20, arbitrary: fc.constant(usual) }, fc.constantFrom('null', ...odd));
};
const tools =
  '[{"name": "act", "choices": ["noop", "move_left", "do"], "more": {"a": null, "at_least": 1, "at_most": 8}}]';
const request = oddObject({
  temperature: nulls('messages'),
  messages: or(oddList(oddObject({ role: word('system'), content: or(oddString) }))),
  tools: fc.oneof({ weight: 9, arbitrary: fc.constant(tools) }, damaged(fc.constant(tools))),
});

const part = oddObject({
  sha256: nulls('text', 'uri'),
  type: word('text', 'text', 'text', 'image', 'image_url', 'audio'),
  text: or(oddString, 9),
  uri: or(
    fc.constantFrom('null', '"data:a"', '"data:b"', '"data:image/png;base64,iVBO"', '"https://x"', '"data:\\u0041\\/"'),
    5,
  ),
  mime_type: word('image/jpeg'),
  data: or(fc.constant('null')),
  image_url: or(oddObject({ url: or(oddString) }), 9),
  base64_data: nulls('text', 'uri', 'image_url', 'type'),
});
const message = oddObject({
  role: word('system', 'user', 'user', 'assistant'),
  parts: or(oddList(or(part), 3, 1)),
  name: fc.constant('null'),
});
const call = oddObject({
  id: or(oddString, 2),
  call_id: oddScalar,
  name: oddScalar,
  arguments_json: or(quoted(oddValue)),
  function: or(oddObject({ name: or(oddString), arguments: or(oddString, 4) })),
});
const usualCall = oddObject({
  id: word('call_1'),
  function: oddObject({ name: word('act'), arguments: or(oddString, 20) }),
});
const calls = or(oddList(fc.oneof(usualCall, call)));
const response = oddObject({
  id: oddString,
  choices: or(oddList(or(oddObject({ message: or(oddObject({ content: or(oddScalar), tool_calls: calls })) })))),
});
const record = oddObject({
  request_params: or(request),
  input_messages: or(oddList(or(message), 2, 1)),
  output_text: fc.oneof(or(quoted(damaged(response))), or(oddString)),
  output_tool_calls: calls,
  outputs: or(oddScalar),
  usage: nulls('output_text', 'output_tool_calls', 'input_messages'),
});
const records = damaged(
  fc.oneof({ weight: 8, arbitrary: record.map((text) => `[${text}]`) }, oddList(or(record)), oddValue),
);

function rowsOf(text: string, compat: 'fixed' | 'reference') {
  const skips: unknown[] = [];
  const event = { id: 1, model_name: 'm', provider: null, metadata: '{"turn": 3}', call_records: text };
  const names = new Map([[3, { newUnique: ['é'], turnedTrue: [] }]]);
  const rows: string[] = [];
  const told = writeRows(
    [event],
    { session: 's', compat, names, skipped: (...skip) => skips.push(skip) },
    {
      append: (line) => rows.push(Buffer.from(line).toString()),
      appendLines: (lines) => rows.push(...Buffer.from(lines).toString().split('\n').slice(0, -1)),
    },
  );
  return { told, rows, skips };
}

test('records are read the same in the quick way and by the whole', (t) => {
  let quick = 0;
  fc.assert(
    fc.property(records, fc.constantFrom('fixed' as const, 'reference' as const), (text, compat) => {
      // A line feed in front changes nothing, but makes the text unusual.
      const read = rowsOf(text, compat);
      t.deepEqual(read, rowsOf(`\n${text}`, compat), text);
      t.is(read.told, read.rows.length);
      try {
        if (typeof new RecordBytes(compat).write(Buffer.from(text), new LineWriter()) === 'object') quick++;
      } catch {
        // That is what the other way is for.
      }
    }),
    { seed: 1, numRuns: 4000 },
  );
  t.true(quick > 300, `only ${quick} rows came the quick way`);
});

test('long records are read as short ones', (t) => {
  const pad = 'x'.repeat(1 << 20);
  let rows = 0;
  for (const text of fc.sample(records, { seed: 1, numRuns: 150 })) {
    if (!text.startsWith('[{"')) continue;
    const long = `[{"pad": "${pad}", ${text.slice(2)}`;
    const expected = rowsOf(text, 'fixed');
    rows += expected.told;
    t.deepEqual(rowsOf(long, 'fixed'), expected, text);
    t.deepEqual(rowsOf(`\n${long}`, 'fixed'), expected, text);
  }
  t.true(rows > 10, String(rows));
});

const kernel = RecordKernel.get();
const ends = new RowEnds();
ends.open('s');
ends.take({ model_name: 'm', provider: null }, { newUnique: [], turnedTrue: [] }, 0);

function byKernel(bytes: Buffer, compat: 'fixed' | 'reference') {
  const told = kernel?.write(bytes, compat);
  if (typeof told !== 'object') return { told };
  if (kernel?.end(ends, 7, told) !== true) throw new Error('a short end fits');
  return { told, row: kernel.take().toString() };
}

function byBytes(bytes: Buffer, compat: 'fixed' | 'reference') {
  const writer = new LineWriter();
  const told = new RecordBytes(compat).write(bytes, writer);
  // Where there is no row, nobody looks at what is written.
  return typeof told === 'object'
    ? { told, row: `{"messages": ${writer.line().toString()}${ends.text(7, told)}\n` }
    : { told };
}

(kernel === null ? test.skip : test)('what the kernel takes RecordBytes takes, and both write the same', (t) => {
  let taken = 0;
  const told = new Set<string>();
  fc.assert(
    fc.property(records, fc.constantFrom('fixed' as const, 'reference' as const), (text, compat) => {
      const bytes = Buffer.from(text);
      const quick = byKernel(bytes, compat);
      if (quick.told === undefined) return;
      taken++;
      told.add(typeof quick.told === 'string' ? quick.told : 'row');
      t.deepEqual(quick, byBytes(bytes, compat), text);
    }),
    { seed: 2, numRuns: 6000 },
  );
  t.true(taken > 300, `only ${taken} records were taken`);
  t.deepEqual([...told].sort(), ['record has no input', 'record has no reply', 'row']);
});

(kernel === null ? test.skip : test)(
  'what one record had says nothing of another, and what was in one place nothing of another',
  (t) => {
    const same = (text: string) => {
      const bytes = Buffer.from(text);
      t.deepEqual(byKernel(bytes, 'fixed'), byBytes(bytes, 'fixed'), text);
    };
    const recordOf = (text: string, members = '"a": 1', ofPart = '"b": 1', ofRequest = '"c": 1') =>
      `[{"output_text": "yes", "request": {${ofRequest}}, "input_messages": [{"role": "user", "parts": [` +
      `{"type": "text", "text": "${text}", "uri": "data:", ${ofPart}}]}], ${members}}]`;
    // Strings that begin in the same place, and in the same way.
    for (const length of [90, 20, 300, 63, 64, 65, 48, 91]) {
      for (const end of ['', '\\n', '\\"', '\\\\', '\\u0041', '\\/', 'é']) same(recordOf('x'.repeat(length) + end));
    }
    const runs = ['output_text', 'output_tool_calls', 'text', 'uri', 'other'].map((key) =>
      ['width', key, 'height', 'duration_ms', 'language'].map((name) => `"${name}": null`).join(', '),
    );
    for (const run of runs) {
      const all = [recordOf('hi', run), recordOf('hi', undefined, run), recordOf('hi', undefined, undefined, run)];
      for (const first of all) for (const second of all) for (const text of [first, first, second, second]) same(text);
    }
  },
);

test('what is cut is not read past its end', (t) => {
  const reader = new RecordBytes('fixed');
  const writer = new LineWriter();
  const text = Buffer.from(
    '[{"input_messages": [{"role": "user", "parts": [{"type": "text", "text": "hi"}]}], "output_text": "yes"}]',
  );
  t.deepEqual(reader.write(text, writer), { userHasImage: false, assistantHasImage: false });
  // A view of the whole: the bytes behind its end are there.
  for (let end = 1; end < text.length; end++) {
    t.throws(() => reader.write(text.subarray(0, end), writer));
    t.is(kernel?.write(text.subarray(0, end), 'fixed'), undefined);
  }
});
