import { spawnSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { damaged, oddList, oddObject, oddScalar, oddValue } from '../testing/odd-json.js';
import { CanonicalKernel, EACH, type RowPath } from './canonical-kernel.js';
import { JsonBytes, Unusual } from './json-bytes.js';
import { jsonText, parseJsonText, tryParseJsonText } from './json-text.js';
import { isMap, type JsonValue } from './json-value.js';

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

function isTakenPlainly(text: Buffer): boolean {
  const json = new JsonBytes();
  try {
    json.open(text, 0, text.length);
    return json.canonical(0) === text.length;
  } catch (error) {
    if (error instanceof Unusual) return false;
    throw error;
  }
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

test('what the kernel takes is what the plain walker takes, and it tells of the values that are read', (t) => {
  let plain = 0;
  let taken = 0;
  let values = 0;
  fc.assert(
    fc.property(texts, (made) => {
      const bytes = Buffer.from(made);
      // Half of a character that was cut through is none in bytes.
      const text = bytes.toString();
      const told = byKernel(bytes);
      const isPlain = isTakenPlainly(bytes);
      if (isPlain) plain++;
      if (told === undefined) return;
      taken++;
      values += told.length;
      t.true(isPlain, text);
      t.deepEqual(told, toldOf(parseJsonText(text)), text);
    }),
    { seed: 1, numRuns: 5000 },
  );
  // Strings with escapes by number, long decimals and infinities are all that is left to the other way.
  t.true(taken > 300 && taken > 0.3 * plain, `${taken} of ${plain}`);
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
  for (const text of left) t.is(byKernel(Buffer.from(`{"a": ${text}}`)), undefined, text);
});

test('control characters, keys that come twice and deep nesting are found wherever they are', (t) => {
  for (let length = 0; length < 150; length++) {
    const filler = Array.from('é😀x'.repeat(length)).slice(0, length).join('');
    t.not(byKernel(Buffer.from(`{"${filler}a": "${filler}"}`)), undefined);
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
