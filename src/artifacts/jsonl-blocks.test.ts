import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { sha256 } from '../base/digest.js';
import { jsonlBlocks, type JsonlBlock } from './jsonl-blocks.js';
import { SliceChanged } from './slices.js';

const KIB = 1 << 10;
const MIB = 1 << 20;

/** @param asked whether each is asked for its digest before the next comes; a young file's is taken then anyway. */
async function blocksOf(content: Buffer | string, asked: 'at once' | 'at the end' = 'at once'): Promise<JsonlBlock[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vlmbuild-blocks-'));
  try {
    const path = join(folder, 'rows.jsonl');
    writeFileSync(path, content);
    const blocks = [];
    for await (const block of jsonlBlocks(path)) {
      blocks.push(block);
      if (asked === 'at once' && block.id === '') throw new Error('a block has no id');
    }
    return blocks;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Rows that look like data but are the same on every run. */
function rows(count: number, bytes: number, seed = 1): string[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return `{"id":${state},"text":"${'x'.repeat(Math.max(0, bytes - 24 + (state % 17)))}"}\n`;
  });
}

/** Checks what holds of every list of blocks, against the content itself. */
function check(content: Buffer, blocks: readonly JsonlBlock[]): boolean {
  let offset = 0;
  let line = 1;
  for (const block of blocks) {
    const bytes = content.subarray(block.offset, block.offset + block.length);
    const lines = bytes.toString('latin1').split('\n').length - (bytes.at(-1) === 0x0a ? 1 : 0);
    const whole = bytes.at(-1) === 0x0a || block.offset + block.length === content.length;
    if (block.offset !== offset || block.firstLine !== line || block.lines !== lines || !whole) return false;
    if (block.digest !== sha256(bytes) || (block.length > 4 * MIB && lines !== 1)) return false;
    offset += block.length;
    line += lines;
  }
  return offset === content.length && new Set(blocks.map((block) => block.id)).size === blocks.length;
}

test('blocks are whole lines, in order, and joined they are the file', async (t) => {
  // Line lengths around every bound: tiny, a piece of reading, the longest block, and beyond.
  const length = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 3000 }) },
    { weight: 3, arbitrary: fc.integer({ min: 100 * KIB, max: 300 * KIB }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(MIB - 1, MIB, 4 * MIB - 2, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 6 * MIB, 9 * MIB),
    },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(length, fc.integer({ min: 0, max: 255 }), fc.constantFrom('\n', '\r\n')), { maxLength: 12 }),
      fc.boolean(),
      async (lines, ended) => {
        const parts = lines.map(([bytes, fill, end]) =>
          Buffer.concat([Buffer.alloc(bytes, fill === 0x0a ? 0x20 : fill), Buffer.from(end)]),
        );
        const whole = Buffer.concat(parts);
        const content = ended ? whole : whole.subarray(0, -1);
        return check(content, await blocksOf(content)) && check(content, await blocksOf(content, 'at the end'));
      },
    ),
    { seed: 4, numRuns: 60 },
  );
  t.pass();
});

test('a block whose content recurs has a number', async (t) => {
  const blocks = await blocksOf(`${'z'.repeat(3 * MIB)}\n`.repeat(3));
  const [first] = blocks;
  t.deepEqual(
    blocks.map((block) => block.id),
    [`${first?.id}`, `${first?.id}.2`, `${first?.id}.3`],
  );
});

test('an inserted, changed or removed row changes few blocks', async (t) => {
  const lines = rows(16_000, 500);
  const before = await blocksOf(lines.join(''));
  t.true(before.length > 4 && before.length < 32, `${before.length} blocks of 8 MB`);
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: lines.length - 1 }),
      fc.constantFrom('insert', 'change', 'remove'),
      async (at, edit) => {
        const after = [...lines];
        after.splice(at, edit === 'insert' ? 0 : 1, ...(edit === 'remove' ? [] : ['{"new":"row"}\n']));
        const known = new Set(before.map((block) => block.id));
        const fresh = (await blocksOf(after.join(''))).filter((block) => !known.has(block.id));
        return fresh.length <= 3;
      },
    ),
    { seed: 5, numRuns: 12 },
  );
});

test('most insertions change exactly one block', async (t) => {
  const lines = rows(12_000, 500, 7);
  const known = new Set((await blocksOf(lines.join(''))).map((block) => block.digest));
  let one = 0;
  for (let at = 100; at < lines.length; at += 1000) {
    const after = [...lines.slice(0, at), '{"new":"row"}\n', ...lines.slice(at)];
    const fresh = (await blocksOf(after.join(''))).filter((block) => !known.has(block.digest));
    if (fresh.length === 1) one++;
  }
  t.true(one >= 9, `${one} of 12`);
});

test('equal lines give neither one block nor a block a line', async (t) => {
  for (const line of ['{"a":1}\n', '{"a":2}\n', '{}\n', 'x'.repeat(700) + '\n', '\n']) {
    const content = line.repeat(Math.ceil((5 * MIB) / line.length));
    const blocks = await blocksOf(content);
    t.true(blocks.length >= 2 && blocks.length <= 21, `${blocks.length} blocks of ${JSON.stringify(line.slice(0, 9))}`);
    t.true(blocks.slice(0, -1).every((block) => block.length >= 256 * KIB && block.length <= 4 * MIB));
    t.is(new Set(blocks.map((block) => block.id)).size, blocks.length);
  }
});

test('a line longer than a block is one on its own', async (t) => {
  const long = 'y'.repeat(10 * MIB);
  const blocks = await blocksOf(`{}\n${long}\n{}\n${long}`);
  t.deepEqual(
    blocks.map(({ offset, length, firstLine, lines }) => [offset, length, firstLine, lines]),
    [
      [0, 3, 1, 1],
      [3, 10 * MIB + 1, 2, 1],
      [10 * MIB + 4, 3, 3, 1],
      [10 * MIB + 7, 10 * MIB, 4, 1],
    ],
  );
});

test('the ends of blocks are fixed for good: keys of parts depend on them', async (t) => {
  const blocks = await blocksOf(rows(6_000, 700, 3).join(''));
  t.deepEqual(
    blocks.map(({ id, length }) => `${id} ${length}`),
    [
      'block-009ae3a8fea6 1395404',
      'block-eefaf5741da9 442530',
      'block-784507bc272c 457465',
      'block-c00b1b8650d7 328568',
      'block-7cfc2b600dbf 834421',
      'block-136a7df14185 810542',
    ],
  );
  t.deepEqual(await blocksOf(''), []);
});

test('a digest that is asked for late is of the bytes that were cut, or of none', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vlmbuild-blocks-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  // Files of which it can be told that they have not changed since: they have been there for some time.
  const old = (name: string) => join('node_modules', 'typescript', 'lib', name);
  const path = join(folder, 'rows.jsonl');
  symlinkSync(resolve(old('typescript.js')), path);
  const blocks = [];
  for await (const block of jsonlBlocks(path)) blocks.push(block);
  t.true(blocks.length > 4);
  t.true(check(readFileSync(path), blocks.slice()));
  const late = [];
  for await (const block of jsonlBlocks(path)) late.push(block);
  const [first, second, third] = late;
  t.is(third?.id, blocks[2]?.id);
  rmSync(path);
  symlinkSync(resolve(old('_tsc.js')), path);
  t.throws(() => first?.digest, { instanceOf: SliceChanged });
  t.throws(() => second?.id, { instanceOf: SliceChanged });
  t.is(third?.digest, blocks[2]?.digest);
});

// Serial: the others take turns with the memory that is used again.
test.serial(
  'digests are of the bytes that were cut when listings go on at once, and where one is broken off',
  async (t) => {
    const old = (name: string) => join('node_modules', 'typescript', 'lib', name);
    const [path, other] = [old('typescript.js'), old('_tsc.js')];
    const expected = await blocksOf(readFileSync(path));
    const blocks = jsonlBlocks(path);
    const others = jsonlBlocks(other);
    const next = async (of: typeof blocks): Promise<JsonlBlock> => {
      const result = await of.next();
      if (result.done === true) throw new Error('the listing has ended');
      return result.value;
    };
    for (const { digest } of expected.slice(0, 3)) {
      const block = await next(blocks);
      await next(others);
      t.is(block.digest, digest);
    }
    await others.return(undefined);
    const left = await next(blocks);
    await blocks.return(undefined);
    for await (const block of jsonlBlocks(other)) t.not(block.length, 0);
    t.deepEqual(
      [left.digest],
      expected.slice(3, 4).map(({ digest }) => digest),
    );
  },
);
