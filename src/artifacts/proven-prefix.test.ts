import test from 'ava';
import { sha256 } from '../base/digest.js';
import type { Extent } from '../store/object-list.js';
import { provenPrefix } from './proven-prefix.js';

const extent = (name: string, more: Partial<Extent> = {}): Extent => ({ sha256: sha256(name), size: 10, ...more });
const digest = sha256('whole');
const [a, b, c] = [extent('a'), extent('b', { through: sha256('b') }), extent('c', { from: 7 })];
const before = { extents: [a, b, c], digest };

test('a list that goes on is proven up to where the one before ended', (t) => {
  const all = [a, b, { ...c, through: digest }];
  t.deepEqual(provenPrefix([...before.extents, extent('d')], before), all);
  t.deepEqual(provenPrefix(before.extents, before), all);
});

test('one that differs is proven up to the last milestone before that', (t) => {
  t.deepEqual(provenPrefix([a, b], before), [a, b]);
  t.deepEqual(provenPrefix([a, b, extent('d')], before), [a, b]);
  t.deepEqual(provenPrefix([a, b, extent('c')], before), [a, b]);
  t.deepEqual(provenPrefix([a, b, extent('c', { from: 7, size: 11 })], before), [a, b]);
});

test('where no milestone comes before what differs, nothing is', (t) => {
  t.deepEqual(provenPrefix([a, extent('d')], before), []);
  t.deepEqual(provenPrefix([], before), []);
  t.deepEqual(provenPrefix([extent('z'), ...before.extents], before), []);
  t.deepEqual(provenPrefix([extent('z')], { extents: [], digest }), []);
});
