import test from 'ava';
import { sha256 } from '../base/digest.js';
import type { Explanation } from '../plan/explanation.js';
import { explainText } from './explain.js';

const key = sha256('key');
const fingerprint = {
  format: 1,
  work: { type: 'command' as const, text: 'true', tools: {} },
  params: { steps: 60 },
  inputs: {},
  env: {},
  outputs: ['frames'],
};

test('changed components come first, with both sides; the rest follows', (t) => {
  const explanation: Explanation = {
    target: 'frames',
    decision: {
      state: 'stale',
      target: 'frames',
      key,
      fingerprint,
      reasons: [{ type: 'forced' }],
      details: { inputs: {} },
    },
    against: { type: 'last', target: 'frames' },
    components: [
      { name: 'param seed', before: '7', now: '7', differs: false },
      { name: 'param steps', before: '50', now: '60', differs: true },
      { name: 'env HF_HOME', before: null, now: sha256('x'), differs: true },
      { name: 'input rows', before: sha256('y'), now: null, differs: true },
    ],
  };
  t.is(
    explainText(explanation, 'plain'),
    [
      'frames is stale: the next build runs it',
      '  forced',
      '',
      'changed since its last build:',
      '  param steps  50 → 60',
      '  env HF_HOME  new: 2d711642b726…',
      '  input rows   gone, was a1fce4363854…',
      '',
      'unchanged:',
      '  param seed  7',
      '',
      `key ${key}`,
    ].join('\n'),
  );
});
