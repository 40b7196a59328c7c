import test from 'ava';
import { sha256 } from '../base/digest.js';
import type { Extent } from '../store/object-list.js';
import { provenPrefix } from './proven-prefix.js';

const extent = (name: string, more: Partial<Extent> = {}): Extent => ({ sha256: sha256(name), size: 10, ...more });
const digest = sha256('whole');
const milestone = sha256('b');
const before = { extents: [extent('a'), extent('b', { through: milestone }), extent('c', { from: 7 })], digest };

test('a list that goes on is proven up to where the one before ended', (t) => {
  t.deepEqual(provenPrefix([...before.extents, extent('d')], before), { extents: 3, digest });
  t.deepEqual(provenPrefix(before.extents, before), { extents: 3, digest });
});

test('one that differs is proven up to the last milestone before that', (t) => {
  const proven = { extents: 2, digest: milestone };
  const [a, b] = before.extents as [Extent, Extent];
  t.deepEqual(provenPrefix([a, b], before), proven);
  t.deepEqual(provenPrefix([a, b, extent('d')], before), proven);
  t.deepEqual(provenPrefix([a, b, extent('c')], before), proven);
  t.deepEqual(provenPrefix([a, b, extent('c', { from: 7, size: 11 })], before), proven);
});

test('where no milestone comes before what differs, nothing is', (t) => {
  const [a] = before.extents as [Extent];
  t.is(provenPrefix([a, extent('d')], before), undefined);
  t.is(provenPrefix([], before), undefined);
  t.is(provenPrefix([extent('z'), ...before.extents], before), undefined);
});
