import { mkdirSync, readFileSync, readdirSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { hexOf, sha256, type Digest } from '../base/digest.js';
import { EXTENT_BYTES } from './cut.js';
import { CorruptObject, holderOf, ObjectStore, type ObjectRef } from './objects.js';
import { Pack } from './pack.js';

function store(t: ExecutionContext): { objects: ObjectStore; folder: string; files: () => string[] } {
  const folder = tempFolder(t);
  mkdirSync(folder, { recursive: true });
  const files = (): string[] =>
    readdirSync(folder)
      .filter((name) => name !== 'tmp')
      .flatMap((name) => readdirSync(join(folder, name)).map((rest) => name + rest));
  return { objects: new ObjectStore(folder), folder, files };
}

const textOf = (objects: ObjectStore, ref: ObjectRef | Digest): string =>
  Buffer.concat([...objects.read(ref)].map((piece) => Buffer.from(piece))).toString();

test('what was packed is one blob, and each of it reads back by itself', (t) => {
  const { objects, files } = store(t);
  const pack = new Pack(objects);
  const words = ['one\n', 'two\n', '', 'one\n', 'three\n'];
  const packed = words.map((word) => pack.add(Buffer.from(word)));
  const refs = packed.map(pack.seal());
  t.deepEqual(
    refs.map(({ sha256: digest, size }) => [digest, size]),
    words.map((word) => [sha256(word), word.length]),
  );
  t.deepEqual(
    refs.map((ref) => textOf(objects, ref)),
    words,
  );
  // The blob, and that of nothing.
  t.is(files().length, 2);
  t.true(refs.every((ref) => objects.has(ref)));
  t.deepEqual(refs[3], refs[0]);
});

test('a record that points elsewhere in a whole blob is corruption, and not delivered', (t) => {
  const { objects } = store(t);
  const pack = new Pack(objects);
  const packed = ['first', 'other'].map((word) => pack.add(Buffer.from(word)));
  const [first, other] = packed.map(pack.seal());
  const astray = { ...first, inside: other?.inside } as ObjectRef;
  const { digest, problem } = t.throws(() => textOf(objects, astray), { instanceOf: CorruptObject });
  t.deepEqual([digest, problem], [sha256('first'), 'corrupt']);
});

test('a pack is used again after it was sealed; what is alone in one is an object of its own', (t) => {
  const { objects } = store(t);
  const pack = new Pack(objects);
  const first = pack.add(Buffer.from('alone'));
  const [ref] = [first].map(pack.seal());
  t.deepEqual(ref, { sha256: sha256('alone'), size: 5 });
  t.is(textOf(objects, sha256('alone')), 'alone');
  const rest = ['a', 'b'].map((word) => pack.add(Buffer.from(word)));
  t.deepEqual(
    rest.map(pack.seal()).map((other) => textOf(objects, other)),
    ['a', 'b'],
  );
});

test('a pack says when it is full, and large bytes are objects of their own at once', (t) => {
  const { objects } = store(t);
  const pack = new Pack(objects);
  const large = pack.add(Buffer.alloc(1 << 20, 1));
  t.true(objects.has(large.sha256));
  let count = 0;
  while (!pack.full) pack.add(Buffer.alloc(200_000, ++count));
  t.true(count * 200_000 < EXTENT_BYTES);
  t.true(count > 15);
  const [ref] = [pack.add(Buffer.from('last'))].map(pack.seal());
  t.is(ref && textOf(objects, ref), 'last');
});

test('a list of packed pieces has neighbours as one extent, and gives the bytes', (t) => {
  const { objects } = store(t);
  const pack = new Pack(objects);
  const words = ['one\n', 'two\n', 'three\n', 'four\n'];
  const refs = words.map((word) => pack.add(Buffer.from(word))).map(pack.seal());
  const [one, two, three, four] = refs as [ObjectRef, ObjectRef, ObjectRef, ObjectRef];
  const order = [two, three, one, four];
  const text = order.map((ref) => textOf(objects, ref)).join('');
  objects.putList(order, { sha256: sha256(text), size: text.length });
  t.is(textOf(objects, sha256(text)), text);
  const blob = holderOf(one);
  t.deepEqual(objects.members(sha256(text)), [
    { sha256: blob, size: 10, from: 4 },
    { sha256: blob, size: 4, from: 0 },
    { sha256: blob, size: 5, from: 14 },
  ]);
  t.true(objects.has(sha256(text)));
  // One piece of a blob can be a whole, too.
  objects.putList([two], two);
  t.is(textOf(objects, two.sha256), 'two\n');
});

test('a damaged pack is found out by whoever reads a piece of it, and dropped', (t) => {
  const { objects, folder } = store(t);
  const pack = new Pack(objects);
  const refs = ['one\n', 'two\n'].map((word) => pack.add(Buffer.from(word))).map(pack.seal());
  const [ref] = refs as [ObjectRef];
  const blob = hexOf(holderOf(ref));
  const path = join(folder, blob.slice(0, 2), blob.slice(2));
  const bytes = readFileSync(path);
  bytes[5] = 0;
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
  const error = t.throws(() => textOf(objects, ref), { instanceOf: CorruptObject });
  t.is(error.digest, holderOf(ref));
  t.false(objects.has(ref));
});

test('what does not fit any more is a blob of its own', (t) => {
  const { objects } = store(t);
  const pack = new Pack(objects);
  const pieces = Array.from({ length: 18 }, (_, i) => Buffer.alloc(250_000, i + 1));
  const packed = pieces.map((piece) => pack.add(piece));
  for (const [i, ref] of packed.map(pack.seal()).entries()) {
    t.is(ref.inside === undefined, i >= 16);
    t.true(Buffer.concat([...objects.read(ref)]).equals(pieces[i] ?? Buffer.of()));
  }
});
