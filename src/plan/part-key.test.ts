import test from 'ava';
import { sha256 } from '../base/digest.js';
import { partKey, type PartPrint } from './part-key.js';

const part: PartPrint = {
  rule: 'crafter/rollouts',
  code: sha256('code'),
  spec: { seed: 7, mode: 'both' },
  slices: { rows: sha256('rows') },
  outputs: ['episode', 'frames'],
  env: { HF_HOME: null },
};

test('everything in it counts', (t) => {
  const others: Partial<PartPrint>[] = [
    { rule: 'crafter/evaluate' },
    { code: sha256('other') },
    { spec: { seed: 8, mode: 'both' } },
    { slices: { rows: sha256('other') } },
    { slices: { lines: sha256('rows') } },
    { slices: {} },
    { outputs: ['episode'] },
    { env: { HF_HOME: sha256('') } },
    { env: {} },
  ];
  const keys = [part, ...others.map((other) => ({ ...part, ...other }))].map(partKey);
  t.is(new Set(keys).size, keys.length);
});

test('the order in which things are named does not', (t) => {
  t.is(partKey({ ...part, spec: { mode: 'both', seed: 7 }, outputs: ['frames', 'episode'] }), partKey(part));
});

test('the key of this part is what it always was', (t) => {
  // Another value means that every part of every project is made anew: raise KEY_FORMAT on purpose, or find the cause.
  t.is(partKey(part), 'sha256:5f47cf1935098388ea5ef2d27735afa42ed2af4cea559eb8548dd0e3755c5cb4');
});
