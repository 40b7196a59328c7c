import { createHash, randomFillSync } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { hexOf, sha256, type Digest } from '../base/digest.js';
import { EXTENT_BYTES } from './cut.js';
import { CorruptObject, ObjectStore, type ObjectRef } from './objects.js';
import { OtherProcess } from './scratch-for-tests.js';

function pathOf(folder: string, digest: Digest): string {
  const hex = hexOf(digest);
  return join(folder, hex.slice(0, 2), hex.slice(2));
}

function bytes(store: ObjectStore, digest: Digest): Buffer {
  return Buffer.concat([...store.read(digest)]);
}

function damage(path: string): void {
  const data = readFileSync(path);
  data[data.length >> 1] = (data[data.length >> 1] ?? 0) ^ 1;
  chmodSync(path, 0o644);
  writeFileSync(path, data);
}

/** 9 MiB and a bit, of which no two extents are equal. */
function large(): Buffer {
  return randomFillSync(Buffer.alloc(2 * EXTENT_BYTES + 1_000_003));
}

test('bytes come back by their digest', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(folder);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
      const ref = store.putBytes(data);
      t.deepEqual(ref, { sha256: sha256(data), size: data.length });
      t.true(store.has(ref.sha256));
      t.deepEqual(bytes(store, ref.sha256), Buffer.from(data));
    }),
    { seed: 1, numRuns: 50 },
  );
  t.false(store.has(sha256('something else')));
  t.deepEqual(readdirSync(join(folder, 'tmp')), []);
});

test('blobs are read-only and written once', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(folder);
  const { sha256: digest } = store.putBytes(Buffer.from('once'));
  const before = statSync(pathOf(folder, digest), { bigint: true });
  t.is(before.mode & 0o777n, 0o444n);
  store.putBytes(Buffer.from('once'));
  t.is(statSync(pathOf(folder, digest), { bigint: true }).ino, before.ino);
});

test('files of all sizes around an extent come in and go out', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(join(folder, 'objects'));
  const around = [1, 2, 5].flatMap((extents) => [-1, 0, 1].map((more) => extents * EXTENT_BYTES + more));
  for (const size of [0, 1, ...around]) {
    const data = randomFillSync(Buffer.alloc(size));
    const source = join(folder, 'source');
    writeFileSync(source, data);
    const ref = store.putFile(source);
    t.deepEqual(ref, { sha256: sha256(data), size });
    t.deepEqual(store.putBytes(data), ref);
    const copy = join(folder, `copy-${String(size)}`);
    store.copyTo(ref.sha256, copy);
    t.true(readFileSync(copy).equals(data));
    const members = store.members(ref.sha256);
    t.is(members === undefined, size <= EXTENT_BYTES);
    t.is(members?.reduce((sum, member) => sum + member.size, 0) ?? size, size);
  }
});

test('what a file gains at its end is all that is stored anew', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(join(folder, 'objects'));
  const source = join(folder, 'source');
  const data = large();
  writeFileSync(source, data);
  const before = store.members(store.putFile(source).sha256) ?? [];
  writeFileSync(source, Buffer.concat([data, Buffer.from('more')]));
  const after = store.members(store.putFile(source).sha256) ?? [];
  t.deepEqual(after.slice(0, before.length - 1), before.slice(0, -1));
  t.notDeepEqual(after[before.length - 1], before.at(-1));
});

test('a copy is a file of its own, with the exec bit that is asked for', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(join(folder, 'objects'));
  const { sha256: digest } = store.putBytes(Buffer.from('#!/bin/sh\n'));
  store.copyTo(digest, join(folder, 'plain'));
  store.copyTo(digest, join(folder, 'program'), { executable: true });
  t.is(statSync(join(folder, 'plain')).mode & 0o111, 0);
  t.is(statSync(join(folder, 'program')).mode & 0o100, 0o100);
  writeFileSync(join(folder, 'plain'), 'edited');
  t.is(bytes(store, digest).toString(), '#!/bin/sh\n');
  t.throws(() => store.copyTo(digest, join(folder, 'plain')), { code: 'EEXIST' });
  t.is(readFileSync(join(folder, 'plain'), 'utf8'), 'edited');
});

test('a list is its members, which may be lists or empty', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(folder);
  const a = Buffer.from('a\n');
  const nested = large();
  const whole = Buffer.concat([a, nested, a]);
  const ref: ObjectRef = { sha256: sha256(whole), size: whole.length };
  store.putList([store.putBytes(a), store.putBytes(nested), store.putBytes(Buffer.of()), store.putBytes(a)], ref);
  t.true(store.has(ref.sha256));
  t.true(bytes(store, ref.sha256).equals(whole));
  t.is(store.blobPath(ref.sha256), undefined);

  // One member that is the whole, and none at all, are no lists.
  const only = store.putBytes(a);
  store.putList([only, store.putBytes(Buffer.of())], only);
  t.is(store.members(only.sha256), undefined);
  t.true(bytes(store, only.sha256).equals(a));
  store.putList([], { sha256: sha256(''), size: 0 });
  t.is(bytes(store, sha256('')).length, 0);
  t.throws(() => store.putList([only], { sha256: sha256('x'), size: 1 }), { instanceOf: RangeError });
});

test('a list with a piece missing is not there', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(folder);
  const { sha256: digest } = store.putBytes(large());
  const piece = store.members(digest)?.[1]?.sha256 ?? digest;
  rmSync(pathOf(folder, piece));
  t.false(store.has(digest));
  const error = t.throws(() => bytes(store, digest), { instanceOf: CorruptObject });
  t.is(error.digest, piece);
  t.is(error.problem, 'missing');
});

test('what is not there is said for many objects as for each', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(folder);
  const refs = Array.from({ length: 2500 }, (_, i) => store.putBytes(Buffer.from(`part ${String(i)}`)));
  const whole = Buffer.concat(refs.map((_, i) => Buffer.from(`part ${String(i)}`)));
  store.putList(refs, { sha256: sha256(whole), size: whole.length });
  const all = [...refs.map((ref) => ref.sha256), sha256(whole)];
  t.deepEqual(store.missing(all), []);
  t.true(store.has(sha256(whole)));
  const gone = refs[1234]?.sha256 ?? sha256('');
  rmSync(pathOf(folder, gone));
  t.deepEqual(store.missing(all), [gone, sha256(whole)]);
  t.deepEqual(store.missing([gone, sha256(whole)]), [gone, sha256(whole)]);
});

test('a damaged blob is dropped and never delivered, and can be stored again', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(join(folder, 'objects'));
  const data = large();
  const { sha256: digest } = store.putBytes(data);
  const piece = store.members(digest)?.[1]?.sha256 ?? digest;
  damage(pathOf(join(folder, 'objects'), piece));

  const copy = join(folder, 'copy');
  const error = t.throws(() => store.copyTo(digest, copy), { instanceOf: CorruptObject });
  t.is(error.digest, piece);
  t.is(error.problem, 'corrupt');
  t.false(existsSync(copy));
  t.false(store.has(piece));
  t.false(store.has(digest));

  store.putBytes(data);
  store.copyTo(digest, copy);
  t.true(readFileSync(copy).equals(data));
});

test('a path is only given to bytes that are right', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(folder);
  const { sha256: digest } = store.putBytes(Buffer.from('right'));
  t.is(store.blobPath(digest), pathOf(folder, digest));
  damage(pathOf(folder, digest));
  t.throws(() => store.blobPath(digest), { instanceOf: CorruptObject });
  t.throws(() => store.blobPath(digest), { instanceOf: CorruptObject, message: /missing/ });
});

test('a damaged list is dropped', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(folder);
  const { sha256: digest } = store.putBytes(large());
  damage(`${pathOf(folder, digest)}.list`);
  t.throws(() => bytes(store, digest), { instanceOf: CorruptObject });
  t.false(existsSync(`${pathOf(folder, digest)}.list`));
});

test('what a power cut leaves is replaced: a name without its bytes', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(folder);
  const { sha256: digest } = store.putBytes(Buffer.from('power'));
  chmodSync(pathOf(folder, digest), 0o644);
  truncateSync(pathOf(folder, digest));
  store.putBytes(Buffer.from('power'));
  t.is(bytes(store, digest).toString(), 'power');
});

test('a list is joined once in a scratch folder, a blob is where it is', (t) => {
  const folder = tempFolder(t);
  const store = new ObjectStore(join(folder, 'objects'));
  const data = large();
  const { sha256: digest } = store.putBytes(data);
  const path = store.materialize(digest, join(folder, 'joined'));
  t.true(readFileSync(path).equals(data));
  t.is(createHash('sha256').update(readFileSync(path)).digest('hex'), hexOf(digest));
  const before = statSync(path, { bigint: true });
  t.is(store.materialize(digest, join(folder, 'joined')), path);
  t.is(statSync(path, { bigint: true }).ino, before.ino);
  const small = store.putBytes(Buffer.from('small'));
  t.is(store.materialize(small.sha256, join(folder, 'joined')), pathOf(join(folder, 'objects'), small.sha256));
});

test('where there is no more room no half blob is left, and small ones still go in', async (t) => {
  const folder = tempFolder(t);
  const source = join(folder, 'source');
  writeFileSync(source, Buffer.alloc(3 << 20, 'x'));
  const objects = join(folder, 'objects');
  const other = new OtherProcess(
    t,
    `const { ObjectStore } = await load('./objects.js');
     const store = new ObjectStore(${JSON.stringify(objects)});
     try { store.putFile(${JSON.stringify(source)}); say('stored'); } catch (e) { say(e.code); }
     say(store.putBytes(Buffer.from('small')).sha256);
     try { store.copyTo(${JSON.stringify(sha256('small'))}, ${JSON.stringify(join(folder, 'copy'))}); say('copied'); } catch (e) { say(e.code); }`,
    // A limit on the size of files fails a write half-way, as a full disk does.
    { shell: `trap '' XFSZ; ulimit -f 1024` },
  );
  t.is(await other.says(), 'EFBIG');
  t.is(await other.says(), sha256('small'));
  t.is(await other.says(), 'copied');
  t.deepEqual(readdirSync(join(objects, 'tmp')), []);
  const store = new ObjectStore(objects);
  t.false(store.has(sha256(Buffer.alloc(3 << 20, 'x'))));
  t.true(store.has(sha256('small')));
});
