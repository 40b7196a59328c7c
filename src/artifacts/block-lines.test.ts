import test from 'ava';
import fc from 'fast-check';
import { KernelLines, MAX, PlainLines, type BlockLines } from './block-lines.js';
import { LINES } from './wasm/compiled.js';
import { xxh64 } from './xxh64.js';

const kernel = KernelLines.make() as KernelLines;

/** Bytes that are the same on every run. */
function fill(bytes: Uint8Array, seed: number): void {
  let state = seed;
  for (let i = 0; i < bytes.length; i++) {
    state = (state * 48271) % 2147483647;
    bytes[i] = state >> 8;
  }
}

test('its hash is xxh64, of every length', async (t) => {
  const xxhash = await xxh64();
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(LINES, 'base64')));
  const lines = exports as {
    readonly memory: { readonly buffer: ArrayBuffer };
    readonly TEXT: { readonly value: number };
    hash(at: number, length: number): bigint;
  };
  const bytes = new Uint8Array(lines.memory.buffer, lines.TEXT.value, 1024);
  fill(bytes, 7);
  for (let start = 0; start < 9; start++) {
    for (let length = 0; length < 300; length++) {
      const expected = xxhash.h64Raw(bytes.subarray(start, start + length));
      t.is(BigInt.asUintN(64, lines.hash(lines.TEXT.value + start, length)), expected, `${length} from ${start}`);
    }
  }
});

/** All that is said of what is in a buffer, when it comes in pieces, behind so many bytes of a block. */
function saidBy(lines: BlockLines, pieces: readonly number[], before: number): (string | number)[] {
  const said: (string | number)[] = [];
  let line = 0;
  let length = before;
  let from = 0;
  for (const end of pieces) {
    for (;;) {
      const found = lines.next(line, from, end, length);
      ({ line, length } = lines);
      said.push(found, line, length, lines.lines);
      if (found === 'none') break;
      from = line;
      length = 0;
    }
    from = end;
  }
  return said;
}

test('blocks end where they end when lines are taken one at a time', async (t) => {
  const plain = await PlainLines.make();
  const ends = new Map<string | number | undefined, number>();
  const length = fc.oneof(
    { weight: 3, arbitrary: fc.nat(200) },
    { weight: 4, arbitrary: fc.integer({ min: 10_000, max: 300_000 }) },
    { weight: 2, arbitrary: fc.integer({ min: 300_000, max: 1_100_000 }) },
    fc.constantFrom((1 << 20) - 2, (1 << 20) - 1, 1 << 20, MAX - 1, MAX, MAX - (1 << 19)),
  );
  fc.assert(
    fc.property(fc.array(length, { minLength: 1, maxLength: 20 }), fc.nat(), (lengths, seed) => {
      const { buffer } = plain;
      // What was there before ends lines behind the text.
      buffer.fill('\n');
      let end = 0;
      const pieces: number[] = [];
      for (const [i, own] of lengths.entries()) {
        if (end + own + 1 > buffer.length) break;
        buffer.fill(`${(seed % 1e6) + i} `, end, end + own);
        end += own + 1;
        buffer[end - 1] = 0x0a;
        pieces.push(...(i % 3 === 0 ? [end - 1 - (own >> 1), end - 1] : i % 3 === 1 ? [end] : []));
      }
      pieces.push(end - (seed % 2));
      buffer.copy(kernel.buffer);
      const before = (seed % 4) << 20;
      const expected = saidBy(plain, pieces, before);
      t.deepEqual(saidBy(kernel, pieces, before), expected);
      for (const word of expected) ends.set(word, (ends.get(word) ?? 0) + 1);
    }),
    { seed: 1, numRuns: 200 },
  );
  t.true((ends.get('before') ?? 0) > 10 && (ends.get('after') ?? 0) > 200, JSON.stringify([...ends].slice(0, 3)));
});

test('short lines are counted up to the end of the text, and not beyond', async (t) => {
  const plain = await PlainLines.make();
  for (const lines of [plain, kernel]) {
    lines.buffer.fill('\n');
    for (let end = 0; end < 200; end++) {
      t.is(lines.next(0, 0, end, 0), 'none');
      t.deepEqual([lines.line, lines.length, lines.lines], [end, end, end]);
    }
    lines.buffer.fill('x');
    t.is(lines.next(0, 0, 100, 5), 'none');
    t.deepEqual([lines.line, lines.length, lines.lines], [0, 5, 0]);
    lines.buffer[100] = 0x0a;
    t.is(lines.next(0, 100, 100, 5), 'none');
    t.is(lines.next(0, 100, 101, 5), 'none');
    t.deepEqual([lines.line, lines.length, lines.lines], [101, 106, 1]);
  }
});
