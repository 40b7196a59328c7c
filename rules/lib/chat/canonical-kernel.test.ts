import { spawnSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { damaged, oddObject, oddScalar, oddValue } from '../testing/odd-json.js';
import { CanonicalKernel } from './canonical-kernel.js';
import { JsonBytes, Unusual } from './json-bytes.js';
import { jsonText, tryParseJsonText } from './json-text.js';

const kernel = CanonicalKernel.get() as CanonicalKernel;

type Members = readonly (readonly number[])[];

/** What a walker finds in a text; undefined where it gives up. */
function walked(open: () => Pick<CanonicalKernel, 'canonical'>): { end: number; members: Members } | undefined {
  const members: number[][] = [];
  try {
    const end = open().canonical(0, (...places) => members.push(places));
    return { end, members };
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
}

function byKernel(text: Buffer) {
  return walked(() => {
    if (!kernel.open(text)) throw new Error('too long');
    return kernel;
  });
}

function plainly(text: Buffer) {
  return walked(() => {
    const json = new JsonBytes();
    json.open(text, 0, text.length);
    return json;
  });
}

const numbers = fc.oneof(
  fc.double().map((value) => jsonText(value)),
  fc.tuple(fc.constantFrom('', '-'), fc.nat(200), fc.nat(99_999)).map(([sign, a, b]) => `${sign}${a}.${b}`),
  fc
    .array(fc.constantFrom('0', '0', '1', '9', '.', '-', 'e', 'E', '+'), { minLength: 1, maxLength: 20 })
    .map((all) => all.join('')),
);
const objects = fc.oneof(
  oddObject({ messages: oddValue, metadata: oddObject({ a: oddScalar, b: numbers }), '': numbers }),
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

test('what the kernel takes is what the plain walker takes, and it finds the same members', (t) => {
  let plain = 0;
  let taken = 0;
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = Buffer.from(text);
      const found = byKernel(bytes);
      if (plainly(bytes) !== undefined) plain++;
      if (found === undefined) return;
      taken++;
      // The plain walker looks for control characters in all it is given.
      t.deepEqual(found, plainly(bytes.subarray(0, found.end)), text);
    }),
    { seed: 1, numRuns: 5000 },
  );
  // Strings with escapes by number, long decimals and infinities are all that is left to the other way.
  t.true(taken > 300 && taken > 0.3 * plain, `${taken} of ${plain}`);
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
  for (const text of [
    '0',
    '-1',
    '12345678901234567890',
    '0.0',
    '-0.0',
    '0.5',
    '-12.25',
    '0.0001',
    '10.0',
    'NaN',
    'null',
  ])
    t.not(byKernel(Buffer.from(`{"a": ${text}}`)), undefined, text);
  for (const text of [
    '-0',
    '00',
    '1.',
    '.5',
    '1.50',
    '0.00001',
    '1e5',
    '1.5e5',
    '+1',
    '-',
    '--1',
    'nul',
    'True',
    '1.00',
  ])
    t.is(byKernel(Buffer.from(`{"a": ${text}}`)), undefined, text);
});

test('control characters, keys that come twice and deep nesting are found wherever they are', (t) => {
  for (let length = 0; length < 40; length++) {
    const filler = 'é😀x'.repeat(length).slice(0, length);
    t.not(byKernel(Buffer.from(`{"${filler}a": "${filler}"}`)), undefined);
    for (const text of [`{"a": "${filler}\t"}`, `{"${filler}a": 1, "b": 2, "${filler}a": 3}`, `{"a": "${filler}`])
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

test('nothing is left of what was read before, and longer text than it holds is refused', (t) => {
  const text = Buffer.from('{"a": "x');
  kernel.open(Buffer.from('{"a": "xyz"}'));
  t.is(byKernel(text), undefined);
  t.true(kernel.open(Buffer.alloc(4 << 20, ' ')));
  t.false(kernel.open(Buffer.alloc((4 << 20) + 1, ' ')));
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
