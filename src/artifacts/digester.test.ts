import {
  appendFileSync,
  chmodSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sha256 } from '../base/digest.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { reads, rig } from './digester-for-tests.js';
import type { KindName } from './kind.js';
import { kindNamed } from './kinds.js';

test('an old file is read once; its stat then tells', async (t) => {
  const r = rig(t);
  r.put('a.txt', 'one');
  r.later();
  t.is(r.open().known('a.txt', 'file'), undefined);
  t.is(await r.open().digest('a.txt', 'file'), sha256('one'));
  const next = r.open();
  t.is(next.known('a.txt', 'file'), sha256('one'));
  t.is(next.known(join(r.root, 'a.txt'), 'jsonl'), sha256('one'));
  t.deepEqual(await reads(r, () => next.digest('a.txt', 'file')), [sha256('one'), []]);
  t.is(next.known('b.txt', 'file'), 'absent');
  t.is(await next.digest('a.txt/b', 'file'), 'absent');
  t.false(next.unsettled);
});

test('a young file is read again until it is settled', async (t) => {
  const r = rig(t);
  r.put('a.txt', 'one');
  const first = r.open();
  await first.digest('a.txt', 'file');
  t.true(first.unsettled);
  t.is(first.known('a.txt', 'file'), undefined);
  r.later();
  await first.settle();
  t.false(first.unsettled);
  t.is(r.open().known('a.txt', 'file'), sha256('one'));
});

test('two edits within one tick of the clock are told apart', async (t) => {
  const r = rig(t);
  r.put('a.txt', 'one');
  const digester = r.open();
  await digester.digest('a.txt', 'file');
  const { atime, mtime } = statSync(join(r.root, 'a.txt'));
  // Same size, inode and mtime; only a ctime that a coarse clock may repeat.
  writeFileSync(join(r.root, 'a.txt'), 'two');
  utimesSync(join(r.root, 'a.txt'), atime, mtime);
  t.is(await digester.digest('a.txt', 'file'), sha256('two'));
  r.later();
  writeFileSync(join(r.root, 'a.txt'), 'six');
  await digester.settle();
  t.is(r.open().known('a.txt', 'file'), sha256('six'));
});

test('a time of modification in the future tells nothing: such a file is read once, and an edit of it noticed', async (t) => {
  const r = rig(t);
  const ahead = new Date(Date.now() + 86_400_000);
  for (const name of ['a.txt', 'all/b.txt']) {
    r.put(name, 'one');
    utimesSync(join(r.root, name), ahead, ahead);
  }
  const first = r.open();
  await first.digest('a.txt', 'file');
  const directory = await first.digest('all', 'directory');
  t.true(first.unsettled, 'it could be written again within the tick');
  r.later();
  await first.settle();
  t.false(first.unsettled);
  t.is(r.open().known('a.txt', 'file'), sha256('one'));
  t.is(r.open().known('all', 'directory'), directory);
  writeFileSync(join(r.root, 'all/b.txt'), 'two');
  for (const name of ['a.txt', 'all/b.txt']) utimesSync(join(r.root, name), ahead, ahead);
  t.is(r.open().known('a.txt', 'file'), undefined);
  t.not(await r.open().digest('all', 'directory'), directory);
});

test('what is about as old as its record is read again, also where the file system keeps no times of change', async (t) => {
  const r = rig(t);
  const path = join(r.root, r.put('a.txt', 'one'));
  r.later();
  // Modified by a clock that is a moment ahead of that time: as if it was written in the very tick in which it was read.
  const moment = new Date(Date.now() + 60_000);
  utimesSync(path, moment, moment);
  await r.open().digest('a.txt', 'file');
  t.is(r.open().known('a.txt', 'file'), undefined);
  r.later();
  await r.open().digest('a.txt', 'file');
  t.is(r.open().known('a.txt', 'file'), sha256('one'));
});

test('where the clock was set back nothing is trusted that changed after the present time', async (t) => {
  const r = rig(t);
  r.put('a.txt', 'one');
  r.later();
  await r.open().digest('a.txt', 'file');
  t.is(
    r.open().known('a.txt', 'file'),
    sha256('one'),
    'what was recorded before is good: its times are older than that',
  );
  r.earlier();
  const path = join(r.root, r.put('b.txt', 'one'));
  const digester = r.open();
  await digester.digest('b.txt', 'file');
  t.false(digester.unsettled, 'it is not waited for');
  t.is(r.open().known('b.txt', 'file'), undefined);
  const { atime, mtime } = statSync(path);
  writeFileSync(path, 'two');
  utimesSync(path, atime, mtime);
  t.is(await r.open().digest('b.txt', 'file'), sha256('two'));
});

test('every kind of edit is noticed, and what was only touched is told by xxh64', async (t) => {
  const r = rig(t);
  const big = Buffer.alloc(3 << 20, 'x');
  r.put('a.bin', big);
  const path = join(r.root, 'a.bin');
  r.later();
  await r.open().digest('a.bin', 'file');
  utimesSync(path, 1, 1);
  t.is(r.open().known('a.bin', 'file'), undefined);
  t.is(await r.open().digest('a.bin', 'file'), sha256(big));
  t.is(r.open().known('a.bin', 'file'), sha256(big));

  const { atime, mtime } = statSync(path);
  const edited = Buffer.from(big);
  edited[2 << 20] = 0;
  writeFileSync(path, edited);
  utimesSync(path, atime, mtime);
  r.later();
  t.is(await r.open().digest('a.bin', 'file'), sha256(edited));
  // Another file of the same size and times under the same name.
  r.put('b.bin', big);
  utimesSync(join(r.root, 'b.bin'), atime, mtime);
  renameSync(join(r.root, 'b.bin'), path);
  r.later();
  t.is(r.open().known('a.bin', 'file'), undefined);
  t.is(await r.open().digest('a.bin', 'file'), sha256(big));
  appendFileSync(path, 'y');
  t.is(await r.open().digest('a.bin', 'file'), sha256(Buffer.concat([big, Buffer.from('y')])));
});

test('verify trusts nothing', async (t) => {
  const r = rig(t);
  r.put('a.txt', 'one');
  r.put('d/x', 'two');
  r.later();
  await r.open().digest('a.txt', 'file');
  await r.open().digest('d', 'directory');
  const verify = r.open('nothing');
  t.is(verify.known('a.txt', 'file'), undefined);
  t.is(verify.known('d', 'directory'), undefined);
  t.is(verify.known('none', 'file'), 'absent');
  const [, read] = await reads(r, () => Promise.all([verify.digest('a.txt', 'file'), verify.digest('d', 'directory')]));
  t.deepEqual(read.sort(), ['a.txt', 'd/x']);
});

test('an output that was installed is not read again once it is settled', async (t) => {
  const r = rig(t);
  r.put('out/a.png', 'one');
  r.put('out/sub/b.png', 'two');
  chmodSync(join(r.root, 'out/a.png'), 0o755);
  r.put('rows.jsonl', '{}\n');
  const digester = r.open();
  const made: [string, KindName][] = [
    ['out', 'directory'],
    ['rows.jsonl', 'jsonl'],
  ];
  for (const [path, kind] of made)
    await digester.record(path, kind, await kindNamed(kind).keep(join(r.root, path), r.objects));
  t.true(digester.unsettled);
  r.later();
  const [, read] = await reads(r, () => digester.settle());
  t.deepEqual(read, []);
  for (const [path, kind] of made) t.is(r.open().known(path, kind), await kindNamed(kind).digest(join(r.root, path)));
  t.is(r.open().known('out/sub/b.png', 'file'), sha256('two'));

  // One that is edited before it is settled is not believed.
  const other = r.open();
  await other.record('rows.jsonl', 'jsonl', await kindNamed('jsonl').keep(join(r.root, 'rows.jsonl'), r.objects));
  writeFileSync(join(r.root, 'rows.jsonl'), '[]\n');
  r.later();
  await other.settle();
  t.is(await r.open().digest('rows.jsonl', 'jsonl'), sha256('[]\n'));
});

test('of a directory only what changed is read; every change shows', async (t) => {
  const r = rig(t);
  for (let index = 0; index < 20; index++) r.put(`d/${index % 3}/${index}.png`, `pixels ${index}`);
  r.later();
  const expected = () => kindNamed('directory').digest(join(r.root, 'd'));
  const [first, read] = await reads(r, () => r.open().digest('d', 'directory'));
  t.is(read.length, 20);
  t.is(first, await expected());
  t.is(r.open().known('d', 'directory'), first);
  const edits: [string, () => unknown, string[]][] = [
    ['edit', () => r.put('d/1/4.png', 'pixels 5'), ['d/1/4.png']],
    ['add', () => r.put('d/new', 'x'), ['d/new']],
    ['remove', () => rmSync(join(r.root, 'd/0/0.png')), []],
    ['chmod', () => chmodSync(join(r.root, 'd/0/3.png'), 0o755), ['d/0/3.png']],
    ['touch', () => utimesSync(join(r.root, 'd/0/6.png'), 1, 1), ['d/0/6.png']],
    ['ignored', () => r.put('d/.DS_Store', 'x'), []],
  ];
  for (const [name, edit, changed] of edits) {
    edit();
    r.later();
    const [digest, files] = await reads(r, () => r.open().digest('d', 'directory'));
    t.deepEqual(files, changed, name);
    t.is(digest, await expected(), name);
    t.is(r.open().known('d', 'directory'), digest, name);
  }
  const entries = await r.open().entries('d');
  t.is(entries.length, 20);
  t.deepEqual(entries.find((entry) => entry.executable)?.name, '0/3.png');
});

test('what is of another kind is told when it is asked for in earnest', async (t) => {
  const r = rig(t);
  r.put('d/x', 'no database, but text');
  r.put('D2/x', 'x');
  r.put('D2/X', 'x');
  symlinkSync('loop', join(r.root, 'loop'));
  for (const [path, kind, code] of [
    ['d', 'file', 'VB702'],
    ['d', 'jsonl', 'VB702'],
    ['d/x', 'directory', 'VB702'],
    ['D2', 'directory', 'VB705'],
    ['d/x', 'sqlite', 'VB708'],
    ['loop', 'file', 'VB703'],
  ] as const) {
    t.is(r.open().known(path, kind), undefined, path);
    const error = await t.throwsAsync(r.open().digest(path, kind), { instanceOf: UserFacingError });
    t.is(error.diagnostics[0]?.code, code, path);
  }
});

test('everything that was looked at is told, for the snapshot', async (t) => {
  const r = rig(t);
  r.put('d/sub/x', 'x');
  const digester = r.open();
  digester.known('absent.txt', 'file');
  digester.known('a.db', 'sqlite');
  await digester.digest('d', 'directory');
  digester.isExecutable('d/sub/x');
  t.deepEqual(
    digester
      .touched()
      .map((path) => path.slice(r.root.length + 1))
      .sort(),
    ['a.db', 'a.db-journal', 'a.db-wal', 'absent.txt', 'd', 'd/sub', 'd/sub/x'],
  );
});
