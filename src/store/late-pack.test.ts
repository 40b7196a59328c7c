import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { LatePack } from './late-pack.js';
import { ObjectStore } from './objects.js';

const bytesOf = (store: ObjectStore, late: { ref: () => Parameters<ObjectStore['read']>[0] }): string =>
  Buffer.concat([...store.read(late.ref())]).toString();

test('what is added is in the store together, once somebody asks where it is', (t) => {
  const store = new ObjectStore(tempFolder(t));
  const pack = new LatePack(store);
  const [a, b] = ['aaa', 'bb'].map((text) => pack.add(Buffer.from(text)));
  if (a === undefined || b === undefined) return t.fail();
  t.false(store.has(a.sha256));
  t.is(b.ref().inside?.blob, a.ref().inside?.blob);
  const c = pack.add(Buffer.from('c'));
  t.deepEqual(
    [a, b, c].map((late) => bytesOf(store, late)),
    ['aaa', 'bb', 'c'],
  );
  t.is(c.ref().inside, undefined, 'an object of its own');
  t.deepEqual(a.ref(), a.ref());
});

test('where the store cannot be written, what was added is stored later', (t) => {
  const folder = join(tempFolder(t), 'objects');
  writeFileSync(folder, 'in the way');
  const store = new ObjectStore(folder);
  const pack = new LatePack(store);
  const a = pack.add(Buffer.from('aaa'));
  t.throws(() => a.ref());
  const b = pack.add(Buffer.from('bb'));
  rmSync(folder);
  mkdirSync(folder);
  t.is(bytesOf(store, b), 'bb');
  t.is(bytesOf(store, a), 'aaa');
  t.is(a.ref().inside?.blob, b.ref().inside?.blob);
  t.deepEqual(readdirSync(join(folder, 'tmp')), []);
});
