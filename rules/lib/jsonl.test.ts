import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { openJsonlInput } from '../../src/artifacts/handles-jsonl.js';
import type { JsonlInput, JsonlSlice } from 'vlmbuild';
import {
  batches,
  blockBytes,
  boundedBlocks,
  countLines,
  hasByteOrderMark,
  LineEnds,
  linesIn,
  linesOfBlock,
} from './jsonl.js';

const folder = mkdtempSync(join(tmpdir(), 'jsonl-'));
test.after.always(() => rmSync(folder, { recursive: true }));
let files = 0;
const inputOf = (content: string | Buffer): JsonlInput => {
  const path = join(folder, `${files++}.jsonl`);
  writeFileSync(path, content);
  return openJsonlInput({ path, digest: `sha256:${'0'.repeat(64)}` }).handle as JsonlInput;
};
const linesOf = async (blocks: AsyncIterable<JsonlSlice>) => {
  const lines: string[] = [];
  for await (const block of blocks) {
    const bytes = await blockBytes(block, false);
    const ends = new LineEnds(bytes);
    const before = lines.length;
    for (let at = 0; at < bytes.length;) {
      const end = ends.after(at);
      lines.push(bytes.toString('utf8', at, end));
      at = ends.next(end);
    }
    if (lines.length - before !== linesIn(bytes)) throw new Error('there are more lines, or fewer');
  }
  return lines;
};

test('a line that is too long is refused by its number; one just as long as allowed is not', async (t) => {
  const most = 5 << 20;
  const long = 'x'.repeat(most);
  const blocks = (content: string) => linesOf(boundedBlocks(inputOf(content), most));
  for (const end of ['', '\n', '\r\n'])
    t.deepEqual(
      (await blocks(`a\n${long}${end}`)).map(({ length }) => length),
      [1, most],
    );
  t.deepEqual(
    (await blocks(`a\r${long}\rb\r${long}`)).map(({ length }) => length),
    [1, most, 1, most],
    'lines that end at CR alone',
  );
  for (const before of ['a\n\nb\n', 'a\r\n\r\nb\r\n', 'a\r\rb\r']) {
    await t.throwsAsync(blocks(`${before}${long}x\nc\n`), {
      name: 'UserError',
      message: /^line 4 of `.*\.jsonl` is longer than 5 MiB$/,
    });
  }
});

test('the lines of a block come in pieces that end where lines do', async (t) => {
  const length = fc.oneof(fc.nat(100), fc.integer({ min: 100_000, max: 700_000 }), fc.constantFrom(1 << 20, 2 << 20));
  const lines = fc.array(fc.tuple(length, fc.constantFrom('\n', '\n', '\r\n', '\r')), { minLength: 1, maxLength: 9 });
  const room = Buffer.alloc(4 << 20);
  let most = 0;
  await fc.assert(
    fc.asyncProperty(lines, fc.boolean(), fc.constantFrom(0, 3), async (all, isEnded, from) => {
      const text = `abc${all.map(([size, end], i) => String(i).repeat(size) + end).join('')}${isEnded ? '' : 'x'}`;
      for await (const block of inputOf(text).blocks()) {
        if (block.length > room.length) continue;
        const bytes = Buffer.from(await block.bytes());
        const start: number = block.offset === 0 ? from : 0;
        let at = start;
        let pieces = 0;
        for (const piece of linesOfBlock(block, start, room)) {
          t.true(piece.length > 0 && piece.equals(bytes.subarray(at, at + piece.length)));
          at += piece.length;
          pieces++;
          if (at < bytes.length) t.is(piece.at(-1), 0x0a);
        }
        t.is(at, bytes.length);
        most = Math.max(most, pieces);
      }
    }),
    { seed: 1, numRuns: 60 },
  );
  t.true(most > 1, String(most));
});

test('lines end at LF, CRLF or CR alone', async (t) => {
  const text = fc
    .array(fc.constantFrom('a', '\u2028', '\u0085', '\v', '\n', '\r', '\r\n', '\ufeff'))
    .map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, async (content) => {
      const expected = content.split(/\r\n|\n|\r/);
      if (expected.at(-1) === '') expected.pop();
      const input = inputOf(content);
      t.deepEqual(await linesOf(boundedBlocks(input)), expected, JSON.stringify(content));
      t.is(hasByteOrderMark(input.path), content.startsWith('\ufeff'));
      t.is(
        countLines(input.path),
        content === '' ? 0 : (content.match(/\n/g)?.length ?? 0) + Number(!content.endsWith('\n')),
      );
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('lines are gathered as far as there is room, and what is longer comes by itself', async (t) => {
  const into = Buffer.alloc(2 << 20);
  const line = (letter: string, mib: number) => letter.repeat(mib << 20);
  const lines = ['a', line('b', 3), line('c', 2), 'd', '', 'e\r', line('f', 1), line('g', 1), 'h', '\r', 'i'];
  const found: string[] = [];
  for await (const batch of batches(inputOf(lines.join('\n')), into)) found.push(batch.toString());
  const [b, c, f, g] = [line('b', 3), line('c', 2), line('f', 1), line('g', 1)];
  t.deepEqual(found, ['a\n', b, c, `d\n\ne\n${f}\n`, `${g}\nh\n\ni\n`]);
  t.deepEqual(found.map((batch) => batch.replace(/\n$/, '')).join('\n'), lines.join('\n').replaceAll('\r', ''));
});
