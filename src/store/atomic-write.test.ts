import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { writeAtomic, writePiecesAtomic } from './atomic-write.js';
import { OtherProcess } from './scratch-for-tests.js';

test('a file is replaced whole', (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'file');
  writeFileSync(path, 'old');
  writeAtomic(path, 'new');
  t.is(readFileSync(path, 'utf8'), 'new');
  t.deepEqual(readdirSync(folder), ['file']);
});

test('pieces are written one behind the other', (t) => {
  const path = join(tempFolder(t), 'file');
  writePiecesAtomic(path, ['first ', Buffer.from('second'), new Uint8Array()]);
  t.is(readFileSync(path, 'utf8'), 'first second');
});

test('where the rename fails nothing is left', (t) => {
  const folder = tempFolder(t);
  mkdirSync(join(folder, 'taken', 'inside'), { recursive: true });
  t.throws(() => writeAtomic(join(folder, 'taken'), 'new'));
  t.deepEqual(readdirSync(folder), ['taken']);
});

test('where there is no more room the old file stays, alone', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'file');
  writeFileSync(path, 'old');
  const other = new OtherProcess(
    t,
    `const { writeAtomic } = await load('./atomic-write.js');
     try { writeAtomic(${JSON.stringify(path)}, Buffer.alloc(4 << 20)); say('written'); } catch (e) { say(e.code); }`,
    // A limit on the size of files fails a write half-way, as a full disk does.
    { shell: `trap '' XFSZ; ulimit -f 1024` },
  );
  t.is(await other.says(), 'EFBIG');
  t.is(readFileSync(path, 'utf8'), 'old');
  t.deepEqual(readdirSync(folder), ['file']);
});
