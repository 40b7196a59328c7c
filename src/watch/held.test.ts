import test from 'ava';
import { sha256 } from '../base/digest.js';
import type { Decision } from '../plan/decision.js';
import type { Reason } from '../plan/reasons.js';
import { holdEdited } from './held.js';

const fingerprint = {
  format: 1,
  work: { type: 'command', text: '', tools: {} },
  params: {},
  inputs: {},
  env: {},
  outputs: [],
} as const;
const fresh = (target: string): Decision => ({
  state: 'fresh',
  target,
  key: sha256(target),
  fingerprint,
  outputs: {},
  source: 'index',
});
const restorable = (target: string, ...reasons: Reason[]): Decision => ({
  state: 'restorable',
  target,
  key: sha256(target),
  fingerprint,
  outputs: {},
  restore: ['output'],
  reasons,
});
const waiting = (target: string, ...reasons: Reason[]): Decision => ({ state: 'waiting', target, reasons });
const edited = (target: string): Decision =>
  restorable(target, { type: 'output-edited', output: 'output', path: `${target}.txt` });

function held(decisions: readonly Decision[], needs: Record<string, string[]>) {
  return holdEdited(new Map(decisions.map((decision) => [decision.target, decision])), new Map(Object.entries(needs)));
}

const changed: Reason = { type: 'input-changed', role: 'input', added: [], changed: [], removed: [] };

test('an edited output that nothing needs now is held', (t) => {
  t.deepEqual(held([fresh('a'), edited('b'), fresh('c')], { b: ['a'], c: ['b'] }), { edited: ['b'], work: [] });
});

test('one that is edited and stale is not', (t) => {
  const both = restorable('b', { type: 'output-edited', output: 'output', path: 'b.txt' }, changed);
  t.deepEqual(held([both], {}), { edited: [], work: ['b'] });
});

test('what must run needs it back, through fresh targets too', (t) => {
  const decisions = [edited('a'), fresh('b'), restorable('c', changed)];
  t.deepEqual(held(decisions, { b: ['a'], c: ['b'] }), { edited: [], work: ['a', 'c'] });
});

test('other work goes on beside it', (t) => {
  const decisions = [edited('a'), restorable('b', changed), edited('c')];
  t.deepEqual(held(decisions, { b: ['a'] }), { edited: ['c'], work: ['a', 'b'] });
});

test('what waits for an edited output alone waits on; when it is made, that is work as well', (t) => {
  const decisions = [edited('a'), waiting('b', { type: 'upstream-stale', target: 'a' })];
  t.deepEqual(held(decisions, { b: ['a'] }), { edited: ['a'], work: [] });
  const more = [...decisions, restorable('c', changed)];
  t.deepEqual(held(more, { b: ['a'], c: ['a'] }), { edited: [], work: ['a', 'b', 'c'] });
  const itself = [edited('a'), waiting('b', { type: 'upstream-stale', target: 'a', runsAnyway: true }, changed)];
  t.deepEqual(held(itself, { b: ['a'] }), { edited: [], work: ['a', 'b'] });
});
