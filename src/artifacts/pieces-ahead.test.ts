import { closeSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { piecesAhead } from './pieces-ahead.js';

function openWith(t: ExecutionContext, bytes: Uint8Array): number {
  const folder = tempFolder(t);
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  return openSync(path, 'r');
}

for (const size of [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (5 << 20) + 7]) {
  test(`${size} bytes come whole and in order`, async (t) => {
    const bytes = Buffer.from(Uint32Array.from({ length: Math.ceil(size / 4) }, (_, i) => i).buffer).subarray(0, size);
    const file = openWith(t, bytes);
    const copies: Buffer[] = [];
    for await (const piece of piecesAhead(file)) copies.push(Buffer.from(piece));
    closeSync(file);
    t.true(Buffer.concat(copies).equals(bytes));
  });
}

test('who stops in the middle may close the file', async (t) => {
  const file = openWith(t, Buffer.alloc(5 << 20, 'x'));
  for await (const piece of piecesAhead(file)) {
    t.is(piece.length, 1 << 20);
    break;
  }
  t.notThrows(() => closeSync(file));
});

test('a file that cannot be read is told of', async (t) => {
  const folder = openSync(tmpdir(), 'r');
  const error = await t.throwsAsync(piecesAhead(folder).next());
  t.is((error as NodeJS.ErrnoException).code, 'EISDIR');
  closeSync(folder);
});
