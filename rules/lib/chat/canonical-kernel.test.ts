import { spawnSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { damaged, oddList, oddObject, oddScalar, oddValue } from '../testing/odd-json.js';
import { CanonicalKernel, EACH, type RowPath } from './canonical-kernel.js';
import { OPEN_OBJECT } from './json-bytes.js';
import { rewriteJson } from './json-rewriter.js';
import { jsonText, parseJsonText, tryParseJsonText } from './json-text.js';
import { isMap, type JsonValue } from './json-value.js';
import { LineWriter } from './line-writer.js';

const kernel = CanonicalKernel.get() as CanonicalKernel;

/** The number of a path, and a value there as text. */
type Told = readonly (readonly [path: number, text: string])[];

const PATHS: readonly RowPath[] = [
  ['metadata'],
  ['metadata', 'a'],
  ['metadata', 'b'],
  ['messages', EACH, 'a', EACH],
  ['messages', EACH, 'a'],
  ['messages', EACH, EACH, '2'],
  ['é', 'ab'],
  ['', ''],
  [],
];

/** What the kernel tells of a row that is all of a text; undefined where it does not take it. */
function byKernel(text: Buffer, paths: readonly RowPath[] = PATHS): Told | undefined {
  if (!kernel.open({}, text, paths)) throw new Error('too long');
  const count = kernel.rows(0);
  if (count === 0) return undefined;
  const all = Array.from({ length: count / 3 }, (_, i): [number, string] => {
    const [number = 0, start = 0, end = 0] = kernel.told.subarray(3 * i, 3 * i + 3);
    return [number - 1, text.toString('utf8', start - kernel.base, end - kernel.base)];
  });
  const [path, row] = all.pop() ?? [];
  if (path !== -1 || row !== text.toString()) throw new Error('not all of the text is one row');
  return all;
}

/** The same, of the values that are read. */
function toldOf(value: JsonValue, way: RowPath = []): Told {
  const inner = isMap(value)
    ? Array.from(value, ([key, member]) => toldOf(member, [...way, key]))
    : Array.isArray(value)
      ? value.map((item) => toldOf(item, [...way, EACH]))
      : [];
  const path = PATHS.findIndex((one) => one.length === way.length && one.every((step, i) => step === way[i]));
  return [...inner.flat(), ...(path < 0 ? [] : [[path, jsonText(value)] as const])];
}

function isCanonical(text: Buffer): boolean {
  return text[0] === OPEN_OBJECT && rewriteJson(text, new LineWriter()) === 'canonical';
}

const numbers = fc.oneof(
  fc.double().map((value) => jsonText(value)),
  fc.tuple(fc.constantFrom('', '-'), fc.nat(200), fc.nat(99_999)).map(([sign, a, b]) => `${sign}${a}.${b}`),
  fc
    .array(fc.constantFrom('0', '0', '1', '9', '.', '-', 'e', 'E', '+'), { minLength: 1, maxLength: 20 })
    .map((all) => all.join('')),
);
const objects = fc.oneof(
  oddObject({
    messages: fc.oneof(oddList(oddObject({ a: oddValue, 2: oddScalar })), oddValue),
    metadata: oddObject({ a: oddScalar, b: numbers }),
    '': numbers,
  }),
  oddObject({ metadata: oddValue, é: oddObject({ ab: oddValue, ba: oddScalar }), '': oddObject({ '': oddScalar }) }),
  fc
    .array(fc.constantFrom('a', 'b', 'ab', 'ba', 'é'), { maxLength: 6 })
    .map((keys) => `{${keys.map((key) => `"${key}": {}`).join(', ')}}`),
);
const texts = fc.oneof(
  damaged(objects),
  damaged(
    objects.map((text) => (tryParseJsonText(text) === undefined ? text : jsonText(tryParseJsonText(text) ?? null))),
  ),
);

test('what the kernel takes is canonical, and it tells of the values that are read', (t) => {
  let canonical = 0;
  let taken = 0;
  let values = 0;
  fc.assert(
    fc.property(texts, (made) => {
      const bytes = Buffer.from(made);
      // Half of a character that was cut through is none in bytes.
      const text = bytes.toString();
      const told = byKernel(bytes);
      const isRow = isCanonical(bytes);
      if (isRow) canonical++;
      if (told === undefined) return;
      taken++;
      values += told.length;
      t.true(isRow, text);
      t.deepEqual(told, toldOf(parseJsonText(text)), text);
    }),
    { seed: 1, numRuns: 5000 },
  );
  // Strings with escapes by number, long decimals and infinities are all that is left to the other way.
  t.true(taken > 300 && taken > 0.3 * canonical, `${taken} of ${canonical}`);
  t.true(values > taken, `${values} values of ${taken}`);
});

test('a number is taken only as it is written', (t) => {
  fc.assert(
    fc.property(numbers, (text) => {
      const bytes = Buffer.from(`{"a": ${text}}`);
      const value = tryParseJsonText(text);
      if (byKernel(bytes) !== undefined) t.is(value === undefined ? undefined : jsonText(value), text);
    }),
    { seed: 1, numRuns: 5000 },
  );
  const taken = ['0', '-1', '12345678901234567890', '0.0', '-0.0', '0.5', '-12.25', '0.0001', '10.0', 'NaN', 'null'];
  for (const text of taken) t.not(byKernel(Buffer.from(`{"a": ${text}}`)), undefined, text);
  const left = ['-0', '00', '1.', '.5', '1.50', '0.00001', '1e5', '1.5e5', '+1', '-', '--1', 'nul', 'True', '1.00'];
  // The shortest digits of their doubles are others.
  left.push('0.30000000000000001', '1.0000000000000001', '9007199254740993.5', '-0.1234567890123456789');
  for (const text of left) t.is(byKernel(Buffer.from(`{"a": ${text}}`)), undefined, text);
});

test('control characters, keys that come twice and deep nesting are found wherever they are', (t) => {
  for (let length = 0; length < 150; length++) {
    const filler = Array.from('é😀x'.repeat(length)).slice(0, length).join('');
    t.not(byKernel(Buffer.from(`{"${filler}a": "${filler}"}`)), undefined);
    for (const escape of ['\\"', '\\\\', '\\n\\"', '\\\\\\"'])
      t.not(
        byKernel(Buffer.from(`{"a": "${filler}${escape}${filler}", "b": "${escape}"}`)),
        undefined,
        filler + escape,
      );
    for (const text of [
      `{"a": "${filler}\t"}`,
      `{"a": "${filler}\n${filler}"}`,
      `{"a": "${filler}\\u0041"}`,
      `{"${filler}\\n": 1}`,
      `{"${filler}a": 1, "b": 2, "${filler}a": 3}`,
      `{"a": "${filler}`,
    ])
      t.is(byKernel(Buffer.from(text)), undefined, text);
  }
  for (let code = 0; code < 0x20; code++)
    t.is(byKernel(Buffer.from(`{"a": "${'x'.repeat(code)}${String.fromCharCode(code)}"}`)), undefined, String(code));
  t.not(byKernel(Buffer.from('{"a": {"b": 1, "c": {"b": 2}}, "b": {"c": 3}, "c": 4}')), undefined);
  const nested = (depth: number) => Buffer.from(`{"a": ${'['.repeat(depth)}1${']'.repeat(depth)}}`);
  t.not(byKernel(nested(499)), undefined);
  t.is(byKernel(nested(500)), undefined);
  const wide = (keys: number) =>
    Buffer.from(`{"a": {${Array.from({ length: keys }, (_, i) => `"k${i}": 0`).join(', ')}}}`);
  t.not(byKernel(wide(4000)), undefined);
  t.is(byKernel(wide(5000)), undefined);
});

test('rows are taken up to the first that is not, with each way of ending a line', (t) => {
  const starts = (text: string, from = 0) => {
    kernel.open({}, Buffer.from(text), []);
    return Array.from({ length: kernel.rows(from) / 3 }, (_, i) => (kernel.told[3 * i + 1] as number) - kernel.base);
  };
  t.deepEqual(starts('{}\n{}\r\n{}\r{}'), [0, 3, 7, 10]);
  t.deepEqual(starts('{}\n{}\n \n{}\n'), [0, 3]);
  t.deepEqual(starts('{}\n{}\n \n{}\n', 8), [8]);
  t.deepEqual(starts('{}\n{} \n{}'), [0]);
  t.deepEqual(starts('{}\r\n'), [0]);
  t.deepEqual(starts('{}\r'), [0]);
  t.deepEqual(starts('{}{}\n'), []);
  t.deepEqual(starts('\n{}'), []);
  t.deepEqual(starts(''), []);
});

test('what there is no room for is told of from there on, and a row with too much is not taken', (t) => {
  const rowOf = (values: number) => `{"a": [${Array.from({ length: values }, () => '1').join(', ')}]}\n`;
  const many = Buffer.from(rowOf(99).repeat(1000));
  const paths = [['a', EACH]] as const;
  t.true(kernel.open({}, many, paths));
  let rows = 0;
  let calls = 0;
  for (let at = 0; at < many.length; calls++) {
    const count = kernel.rows(at);
    for (let i = 0; i < count; i += 3) if (kernel.told[i] === 0) rows++;
    t.is(count, 300 * Math.min(163, rows - 163 * calls));
    at = (kernel.told[count - 1] as number) - kernel.base + 1;
  }
  t.is(rows, 1000);
  t.is(calls, 7);
  for (const [values, entries] of [
    [16383, 16384],
    [16384, 0],
    [20000, 0],
  ] as const) {
    t.true(kernel.open({}, Buffer.from(rowOf(values)), paths));
    t.is(kernel.rows(0), 3 * entries);
  }
});

/** How many of the first lines are in runs, and how many runs these are. */
function inRuns(lines: readonly string[], paths: readonly RowPath[] = [['a', 'flag']]): [rows: number, runs: number] {
  kernel.open({}, Buffer.from(lines.join('\n')), paths);
  const count = kernel.runs(0);
  let rows = 0;
  for (let i = 3; i < count; i += 4) rows += kernel.runTable[i] as number;
  return [rows, count / 4];
}

test('a row that differs from the one before in a value is taken when the value is', (t) => {
  const isTaken = (row: string, other: string) => inRuns([row, other])[0] === 2;
  const long = 'x'.repeat(70);
  for (const [a, b] of [
    ['"ab\\ncd"', '"ab\\tcd"'],
    ['"ab\\\\ncd"', '"ab\\\\"'],
    ['"ab\\\\cd"', '"ab\\"cd"'],
    ['"ab\\\\\\n"', '"ab\\\\\\""'],
    ['"ab"', '"abc"'],
    ['"ab"', '"ab\\n"'],
    ['"\\n"', '"\\t"'],
    ['""', '"é"'],
    [`"${long}"`, `"${long}${long}"`],
    ['7', '71'],
    ['71', '7'],
    ['7', '7.5'],
    ['7.5', '7'],
    ['-1', '1'],
    ['7', '"7"'],
    ['"7"', '7'],
    ['null', 'NaN'],
    ['true', '"true"'],
    ['[]', '[1, {"b": []}]'],
    ['{}', '{"b": 1}'],
    ['[]', '{}'],
    ['[]', '0'],
    ['0', '{"b": {}}'],
  ] as const) {
    for (const wrap of ['{"b": @}', '{"b": @, "c": 1}', '{"b": [1, @, @], "c": "x"}', '{"b": {"c": @, "d": @}}']) {
      const [first, second] = [wrap.replaceAll('@', a), wrap.replaceAll('@', b)];
      t.true(isTaken(first, second), `${first} ${second}`);
      t.true(isTaken(first, wrap.replace('@', b).replace('@', a)), `${first} ${second}`);
      t.not(byKernel(Buffer.from(second)), undefined, second);
    }
  }
  for (const [a, b] of [
    ['"ab\\ncd"', '"ab\\qcd"'],
    ['"ab\\ncd"', '"ab\\u0041"'],
    ['"ab\\\\cd"', '"ab\\cd"'],
    ['"ab\\\\cd"', '"ab\\\\", "'],
    ['"ab\\\\\\\\cd"', '"ab\\\\\\\\", "'],
    ['"x"', '"x"y"'],
    ['"x"', '"x" '],
    ['"x"', '"x'],
    ['"x"', '"\t"'],
    ['7', '7x'],
    ['7', '07'],
    ['7', '7.'],
    ['7.5', '7.50'],
    ['7', '7e1'],
    ['0', '-0'],
    ['7', ''],
    ['true', 'truex'],
    ['null', 'nul'],
    ['[]', '[ ]'],
    ['[]', '[1,2]'],
    ['[]', '[]]'],
    ['{}', '{"b": 1, "b": 2}'],
    ['{}', '{"b":1}'],
    ['1', '1, "b": 2'],
    ['1', '1, 2'],
  ] as const) {
    for (const wrap of ['{"b": @}', '{"b": @, "c": 1}', '{"b": [1, @, 2], "c": "x"}', '{"b": {"b": @, "d": 1}}']) {
      const [first, second] = [wrap.replace('@', a), wrap.replace('@', b)];
      const isRow = byKernel(Buffer.from(second)) !== undefined;
      t.is(isTaken(first, second), isRow, `${first} ${second}`);
      t.true(!isRow || b === '1, 2', second);
    }
  }
  // No value of a row: the row itself.
  for (const other of ['"a"', '[]', '[{}]', '1', '', ' {}', '{} ']) t.false(isTaken('{}', other), other);
  t.true(isTaken('{}', '{"a": 1}'));
  const nested = (depth: number, inner: string) => `{"a": ${'['.repeat(depth)}${inner}${']'.repeat(depth)}}`;
  t.true(isTaken(nested(300, '[]'), nested(300, nested(198, '1'))));
  t.false(isTaken(nested(300, '[]'), nested(300, nested(199, '1'))));
});

test('flags are those of each row, wherever its values come from', (t) => {
  const rows = [
    ...['{"a": {"flag": true}, "b": 1}', '{"a": {"flag": true}, "b": 2}', '{"a": {"flag": false}, "b": 2}'],
    ...['{"a": {"flag": null}, "b": 3}', '{"a": 1, "b": 3}', '{"a": {}, "b": 3}', '{"a": {"flag": true}, "b": 3}'],
    ...[
      '{"a": [], "b": 3}',
      '{"a": [true], "b": 3}',
      '{"a": {"flag": true}, "b": []}',
      '{"a": {"flag": true}, "b": [{}]}',
    ],
  ];
  const flags = [1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1];
  for (let rotation = 0; rotation < rows.length; rotation++) {
    const turned = <T>(all: readonly T[]) => [...all.slice(rotation), ...all.slice(0, rotation)];
    t.is(inRuns(turned(rows))[0], rows.length);
    const told = Array.from({ length: inRuns(turned(rows))[1] }, (_, i) => [
      ...kernel.runTable.slice(4 * i, 4 * i + 4),
    ]);
    t.deepEqual(
      told.flatMap(([flag = 0, , , count]) => Array<number>(count ?? 0).fill(flag)),
      turned(flags),
    );
  }
  for (const odd of ['1', '"true"', '{}', '[]', '[true]', '{"flag": true}', 'NaN', '0']) {
    const row = `{"a": {"flag": ${odd}}, "b": 1}`;
    for (const first of [rows[0] ?? '', rows[4] ?? '', rows[7] ?? '']) t.deepEqual(inRuns([first, row, first]), [1, 1]);
    t.deepEqual(inRuns([row]), [0, 0]);
  }
  // Below a list, which may have no items in one row and some in another.
  for (const [rows, flags] of [
    [
      ['{"a": []}', '{"a": [true]}', '{"a": [false]}', '{"a": [true]}'],
      [0, 1, 0, 1],
    ],
    [['{"a": [1]}'], []],
  ] as const) {
    const count = inRuns(rows, [['a', EACH]])[1];
    t.deepEqual(
      Array.from({ length: count }, (_, i) => kernel.runTable[4 * i]),
      flags,
    );
  }
});

test('runs for which there is no room are told of from there on', (t) => {
  const rows = Array.from({ length: 3000 }, (_, i) => `{"a": {"flag": ${i % 2 === 0}}, "b": ${i}}`);
  t.deepEqual(inRuns(rows), [1024, 1024]);
  t.is(kernel.runs((kernel.runTable[4 * 1023 + 2] as number) - kernel.base), 4096);
  t.is(kernel.rows(0), 2 * 3 * 3000);
  // What is behind the table is text that is passed, and what rows are compared by.
  const many = Array.from({ length: 60_000 }, (_, i) => `{"a": {"flag": ${i % 2 === 0}}, "b": ${100_000 + i}}`);
  let passed = inRuns(many)[0];
  for (let calls = 1; ; calls++) {
    const at = (kernel.runTable[4 * 1023 + 2] as number) - kernel.base;
    t.deepEqual([passed, kernel.runTable[4 * 1023 + 3]], [1024 * calls, 1]);
    if (passed + 1024 > many.length) break;
    t.is(kernel.runs(at), 4096);
    passed += 1024;
  }
  const wide = (start: number) => `{"b": [${Array.from({ length: 5000 }, (_, i) => start + i).join(', ')}]}`;
  t.deepEqual(inRuns([wide(0), wide(1), wide(2)]), [3, 1]);
});

test('nothing is left of what was read before, and what it cannot hold is refused', (t) => {
  const text = Buffer.from('{"a": "x');
  kernel.open({}, Buffer.from(`{"a": "xyz${'x'.repeat(200)}"}`), PATHS);
  t.is(byKernel(text), undefined);
  kernel.open({}, text, [['metadata']]);
  t.deepEqual(byKernel(Buffer.from('{"metadata": 1}'), [['a'], ['b', 'c', EACH]]), []);
  t.true(kernel.open({}, Buffer.alloc(4 << 20, ' '), PATHS));
  t.false(kernel.open({}, Buffer.alloc((4 << 20) + 1, ' '), PATHS));
  const long = 'x'.repeat(4096);
  t.deepEqual(byKernel(Buffer.from(`{"${long}": 1}`), [[long]]), [[0, '1']]);
  t.false(kernel.open({}, text, [[long], ['y']]));
  t.true(kernel.open({}, text, [Array.from({ length: 126 }, () => 'x')]));
  t.false(kernel.open({}, text, [Array.from({ length: 127 }, () => 'x')]));
  // It is written with an escape, and not as the bytes that stand for it.
  t.false(kernel.open({}, text, [['\ud83d']]));
});

test('there is none on a processor without vector instructions', (t) => {
  const program = `
    import { CanonicalKernel } from ${JSON.stringify(new URL('canonical-kernel.js', import.meta.url))};
    console.log(CanonicalKernel.get() === null);`;
  const isAbsent = (...flags: string[]) =>
    spawnSync(process.execPath, [...flags, '--input-type=module', '-e', program], { encoding: 'utf8' }).stdout.trim();
  t.is(isAbsent(), 'false');
  // The flag changes nothing on processors other than x64.
  t.is(isAbsent('--no-enable-sse4-1'), String(process.arch === 'x64'));
});
