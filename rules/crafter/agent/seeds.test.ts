import test from 'ava';
import { seedList, seedsParam } from './seeds.js';

test('seeds: a number, a range, or a list of these', (t) => {
  t.deepEqual(seedList(7), [7]);
  t.deepEqual(seedList('3..5'), [3, 4, 5]);
  t.deepEqual(seedList([9, '0..2', 4]), [9, 0, 1, 2, 4]);
});

test('seeds that cannot be are refused', (t) => {
  for (const good of [0, 4294967295, '0..0', [1, '3..4']]) t.true(seedsParam.safeParse(good).success);
  for (const bad of [-1, 1.5, 4294967296, '5..3', '0..', 'all', [], '0..4294967295', [1, '0..2'], [2, 2]])
    t.false(seedsParam.safeParse(bad).success, JSON.stringify(bad));
});

test('a text that is no range is one mistake, not two', (t) => {
  const said = JSON.stringify(seedsParam.safeParse('zero').error?.issues);
  t.true(said.includes('a range of seeds is written `0..9`'));
  t.false(said.includes('a range goes up'));
});
