import test from 'ava';
import fc from 'fast-check';
import { JsonReader, JsonSyntaxError } from './json-reader.js';
import { jsonText, parseJsonText, tryParseJsonText, type Writable } from './json-text.js';
import { isTruthy, jsonDouble } from './json-value.js';

const again = (text: string) => jsonText(parseJsonText(text));

test('numbers are laid out as Python does', (t) => {
  const cases: Record<string, string> = {
    '1.0': '1.0',
    '1E5': '100000.0',
    '-0': '0',
    '-0.0': '-0.0',
    '2.50': '2.5',
    '1e16': '1e+16',
    '0.00001': '1e-05',
    '0.0001': '0.0001',
    '1e21': '1e+21',
    '12345678901234567890123': '12345678901234567890123',
    '9007199254740993': '9007199254740993',
    '-9007199254740991': '-9007199254740991',
    [`-${'9'.repeat(400)}`]: `-${'9'.repeat(400)}`,
    '1e999': 'Infinity',
    '-1e999': '-Infinity',
    '-Infinity': '-Infinity',
    NaN: 'NaN',
    '9999999999999998.0': '9999999999999998.0',
    '5e-324': '5e-324',
    '1.5e300': '1.5e+300',
    '123456789012345680.0': '1.2345678901234568e+17',
    '9.999e-5': '9.999e-05',
  };
  for (const [read, written] of Object.entries(cases)) t.is(again(read), written, read);
});

test('objects keep the order of first appearance, and the last value', (t) => {
  t.is(
    again('{"2":0,"1":0,"2":[1],"__proto__":{"constructor":null}}'),
    '{"2": [1], "1": 0, "__proto__": {"constructor": null}}',
  );
  t.is(again(' [ ] '), '[]');
  t.is(again('{\t}\r\n'), '{}');
});

test('strings escape what they must and nothing else', (t) => {
  t.is(again('"\\u00e9\\/\\u2028\\u007f\\b\\u000B"'), '"é/\u2028\u007f\\b\\u000b"');
  t.is(again('"\\ud83d\\ude00 \\ud83d \\uDE00"'), '"😀 \\ud83d \\ude00"');
  t.is(again('["\\\\", "\\"", "a\\\\\\"b", "c"]'), '["\\\\", "\\"", "a\\\\\\"b", "c"]');
});

const WRONG = [
  '',
  ' ',
  '\ufeff1',
  '[1,]',
  '{"a":1,}',
  '{"a" 1}',
  '{a:1}',
  '[1 2]',
  '01',
  '1.',
  '.5',
  '+1',
  '-',
  '-NaN',
  '1e',
  '"a\nb"',
  '"\t"',
  '"\\x41"',
  '"\\u12g4"',
  '"\\u12"',
  '"',
  '"\\',
  '"\\"',
  '[',
  '{"a":',
  'nul',
  'nulls',
  'None',
  "'a'",
  '1 // one',
  '\u00a01',
  '{"a":1}{',
  '[[[',
  ']',
];

test('what Python refuses is refused, read or skipped', (t) => {
  for (const text of WRONG) {
    t.is(tryParseJsonText(text), undefined, text);
    t.throws(
      () => {
        const reader = new JsonReader(text);
        reader.skip();
        reader.end();
      },
      undefined,
      text,
    );
  }
  t.is(tryParseJsonText('['.repeat(5000)), undefined);
  t.not(tryParseJsonText('['.repeat(500) + ']'.repeat(500)), undefined);
});

test('an integer has at most 4300 digits, its sign not among them', (t) => {
  for (const sign of ['', '-']) {
    const integer = sign + '9'.repeat(4300);
    t.is(jsonText(parseJsonText(integer)), integer);
    t.is(tryParseJsonText(`${integer}9`), undefined);
  }
});

test('a control character is found wherever it stands in a long string', (t) => {
  for (const length of [10, 199, 200, 8192, 20_000, 40_000]) {
    for (const at of [0, 1, Math.floor(length / 2), length - 1]) {
      const text = `["a", "${'x'.repeat(at)}\u001f${'é'.repeat(length - at - 1)}"]`;
      const error = t.throws(() => parseJsonText(text), { instanceOf: JsonSyntaxError });
      t.is(error.position, 7 + at);
    }
    t.notThrows(() => parseJsonText(`["${'é'.repeat(length)}",\n"\u007f"]`));
  }
});

test('what is read and written agrees with JSON', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const read = parseJsonText(text);
      t.deepEqual(JSON.parse(jsonText(read)), JSON.parse(text));
      const reader = new JsonReader(`[${text},${text}]`);
      const seen: string[] = [];
      reader.items(() => {
        if (seen.length === 0) reader.skip();
        else t.is(jsonText(reader.value()), jsonText(read));
        seen.push(reader.peek());
      });
      t.deepEqual(seen, [',', ']']);
    }),
    { seed: 1 },
  );
});

test('long strings are escaped where they must be, and only there', (t) => {
  for (const long of ['x'.repeat(400), 'é'.repeat(10_000), '😀'.repeat(300), '😀'.repeat(70_000)]) {
    for (const mark of ['', '"', '\\', '\u001f', '\n', '\ud83d', '\ude00', '\u2028', '\u007f']) {
      for (const text of [mark + long, long + mark, long + mark + long]) t.is(jsonText(text), JSON.stringify(text));
    }
  }
});

test('strings read the same whatever stands around them', (t) => {
  const piece = fc.constantFrom('\\\\', '\\"', '\\u0041', '\\n', 'x', ' ', '{', 'é');
  fc.assert(
    fc.property(fc.array(fc.array(piece).map((pieces) => `"${pieces.join('')}"`)), (strings) => {
      const text = `[${strings.join(',')}]`;
      t.is(jsonText(parseJsonText(text)), jsonText(JSON.parse(text) as Writable));
    }),
    { seed: 1 },
  );
});

test('plain values: safe integers are integers, the rest doubles; undefined members are left out', (t) => {
  t.is(
    jsonText({ a: 1, b: 1.5, c: undefined, d: 1e21, e: jsonDouble(1), f: 10n ** 20n }),
    '{"a": 1, "b": 1.5, "d": 1e+21, "e": 1.0, "f": 100000000000000000000}',
  );
});

test('indented as Python does', (t) => {
  t.is(
    jsonText({ a: [1, { b: [] }], c: {} }, 2),
    '{\n  "a": [\n    1,\n    {\n      "b": []\n    }\n  ],\n  "c": {}\n}',
  );
});

test('truth', (t) => {
  for (const text of ['null', 'false', '0', '0.0', '-0', '0e5', '""', '[]', '{}'])
    t.false(isTruthy(parseJsonText(text)), text);
  for (const text of ['true', '"0"', '"false"', '[0]', 'NaN', '1', '10000000000000000000'])
    t.true(isTruthy(parseJsonText(text)), text);
  t.false(isTruthy(undefined));
});
