import test from 'ava';
import { registerSlice, sliceOf } from './slices.js';

const SLICE = { kind: 'jsonl', path: '/rows.jsonl', digest: `sha256:${'0'.repeat(64)}` } as never;

test('a handle has its slice, and nothing that a rule could see or copy', (t) => {
  const handle = registerSlice(Object.freeze({ kind: 'jsonl' }), SLICE);
  t.is(sliceOf(handle), SLICE);
  t.deepEqual(Reflect.ownKeys(handle), ['kind']);
  t.throws(() => sliceOf({ ...handle }), { instanceOf: TypeError });
});

test('what is no handle is told so', (t) => {
  for (const value of [undefined, null, 'rows', 7, {}, [], () => 0]) {
    t.throws(() => sliceOf(value), { instanceOf: TypeError, message: /not a slice/ });
  }
});
