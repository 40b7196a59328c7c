import test from 'ava';
import fc from 'fast-check';
import { damaged, oddValue } from '../testing/odd-json.js';
import { rewriteJson } from './json-rewriter.js';
import { jsonText, tryParseJsonText } from './json-text.js';
import { LineWriter } from './line-writer.js';

/** What is written of a text; undefined for what is no JSON. */
function rewritten(text: string): string | undefined {
  const writer = new LineWriter();
  writer.text('before');
  const json = Buffer.from(text);
  const form = rewriteJson(json, writer);
  const written = writer.line().toString();
  if (form === 'rewritten') return written.slice('before'.length);
  if (written !== 'before') throw new Error(`${form}, and wrote ${written}`);
  return form === 'canonical' ? text : undefined;
}

function readAndWritten(text: string): string | undefined {
  const value = tryParseJsonText(text);
  return value === undefined ? undefined : jsonText(value);
}

test('JSON is written as what is read of it, and only where that differs', (t) => {
  const seen = { wrong: 0, same: 0, other: 0 };
  const canonical = oddValue.map((text) => readAndWritten(text) ?? text);
  fc.assert(
    fc.property(damaged(fc.oneof(oddValue, canonical)), (made) => {
      // Half of a character that was cut through is none in bytes.
      const text = Buffer.from(made).toString();
      const expected = readAndWritten(text);
      t.is(rewritten(text), expected, text);
      seen[expected === undefined ? 'wrong' : expected === text ? 'same' : 'other']++;
    }),
    { seed: 1, numRuns: 10_000 },
  );
  t.true(Math.min(seen.wrong, seen.same, seen.other) > 500, JSON.stringify(seen));
});

test('numbers, words and blanks, and what Python refuses', (t) => {
  for (const text of [
    ...[
      '-',
      '-0',
      '-0.0',
      '0',
      '00',
      '01',
      '-01',
      '1.',
      '.5',
      '+1',
      '1e',
      '1e+',
      '1E5',
      '1e-7',
      '-1.50e+3',
      '1e999',
      '-1e999',
    ],
    ...['12345678901234567890123', '9E15', '5e-324', '9007199254740993', '0.1e1', '-0e0', '1-', '1.2.3', '0x10', '1_0'],
    ...[
      'NaN',
      '-NaN',
      'Infinity',
      '-Infinity',
      '-Infinit',
      'nul',
      'nulls',
      'true',
      ' false\t',
      '\r\n null \n',
      '\u00a01',
      '',
    ],
    ...[
      ' ',
      '[',
      ']',
      '[,]',
      '[1,]',
      '[1 2]',
      '{,}',
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      '{a:1}',
      '{1:1}',
      '[1}',
      '{"a":1]',
      '[]]',
    ],
    ...[
      '"',
      '"\\',
      '"\\"',
      '"\t"',
      '"\u001f"',
      '"\u007f\u2028"',
      '"\\x"',
      '"\\u12"',
      '"\\u12g4"',
      '"\\uD83D\\u12"',
      "'a'",
    ],
    ...[
      '"\\u0041\\u0022\\u005C\\/\\u000A\\u001F\\u007f"',
      '"\\uD83d\\uDE00"',
      '"\\ude00\\ud83d"',
      '"\\ud83d\\ud83d\\ude00"',
    ],
    ...[
      '"\\ud83d\\n"',
      '"\\ud83dx"',
      '"\\ud83d\\\\ude00"',
      '"\\u00e9é\\u20ac\\ufeff"',
      '\ufeff1',
      '1 // one',
      '[1,\t2]',
      '{ }',
    ],
  ])
    t.is(rewritten(text), readAndWritten(text), JSON.stringify(text));
  for (const digits of [4300, 4301])
    for (const sign of ['', '-']) {
      const integer = sign + '9'.repeat(digits);
      t.is(rewritten(integer), readAndWritten(integer));
    }
  const long = `[0.${'7'.repeat(10_000)}, 1e${'0'.repeat(10_000)}5, -0.${'0'.repeat(10_000)}e20000]`;
  t.is(rewritten(long), readAndWritten(long));
  for (const depth of [999, 1000, 1001])
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deep = `${open.repeat(depth)}0${close.repeat(depth)}`;
      t.is(rewritten(deep), readAndWritten(deep), `${depth} ${open}`);
    }
});

test('a key that comes again, in whichever spelling, keeps its first place and takes the last value', (t) => {
  for (const text of [
    '{"a": 1, "b": 2, "a": 3}',
    '{"a":{"b":[1],"b":{"c":1,"c":"}"}},"x":"\\"","a":{"b":2, "b" :{}},"":0}',
    '[{"é": 1, "\\u00e9": 2, "e": 3}, {"\\ud83d\\ude00": 1, "😀": 2, "\\ud83d": 3, "\\uD83D": 4}]',
    '{"\\n": 1, "\\u000a": 2, "\\\\n": 3}',
    `{${'"a": {"b": 1, "a": '.repeat(50)}0${', "b": 2}, "a": 1'.repeat(50)}}`,
  ])
    t.is(rewritten(text), readAndWritten(text), text);
});

test('keys are told apart where there are many', (t) => {
  const key = fc.oneof(
    fc.nat(60).map((number) => `key ${number}`),
    fc.constantFrom(
      '',
      'é',
      '\\u00e9',
      '\\u00E9',
      '\\ud83d',
      '\\uD83D',
      '😀',
      '\\ud83d\\ude00',
      '\\u006bey 7',
      'a\\"b',
    ),
  );
  let repeated = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.nat(9)), { minLength: 12, maxLength: 200 }), (members) => {
      const text = `{${members.map(([name, value]) => `"${name}": ${value}`).join(', ')}}`;
      const expected = readAndWritten(text);
      if (expected !== text) repeated++;
      t.is(rewritten(text), expected, text);
    }),
    { seed: 1, numRuns: 500 },
  );
  t.true(repeated > 100);
  const many = Array.from({ length: 5000 }, (_, i) => `"${i.toString(36)}": ${i}`);
  t.is(rewritten(`{${many.join(', ')}}`), `{${many.join(', ')}}`);
  const again = [...many, '"2": true', `"1\\u0031": 0`].join(',');
  t.is(rewritten(`{${again}}`), readAndWritten(`{${again}}`));
});

test('long strings and long texts', (t) => {
  for (const long of ['x'.repeat(1000), 'é'.repeat(1000), '\\n'.repeat(500), '\\u00e9'.repeat(300), '\\\\'.repeat(700)])
    for (const mark of ['', '\\"', '\\u0041', '\\/', '\\ud83d', '\u001f', '"'])
      for (const text of [`["${long}${mark}"]`, `["${mark}${long}", "${long}"]`, `{"${long}${mark}":"${mark}"}`])
        t.is(rewritten(text), readAndWritten(text), text);
  const list = `[${'9E15,'.repeat(250_000)}0]`;
  t.is(rewritten(list), readAndWritten(list));
});
