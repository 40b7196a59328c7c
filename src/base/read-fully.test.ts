import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from './temp-folder-for-tests.js';
import { readFully } from './read-fully.js';

test('a buffer is filled from where it is told, or from where the last read ended, and less where the file ends', (t) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, 'file'), '0123456789');
  const file = openSync(join(folder, 'file'), 'r');
  t.teardown(() => closeSync(file));
  const read = (length: number, position: number | null): string => {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readFully(file, buffer, position)).toString();
  };
  t.is(read(4, null), '0123');
  t.is(read(3, 7), '789');
  t.is(read(4, null), '4567');
  t.is(read(4, null), '89');
  t.is(read(4, null), '');
  t.is(read(4, 8), '89');
  t.is(read(0, 0), '');
});
