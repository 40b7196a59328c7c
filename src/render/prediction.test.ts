import test from 'ava';
import { sha256 } from '../base/digest.js';
import type { Decision } from '../plan/decision.js';
import { decisionJson, predictionJson } from './decision-json.js';
import { predict, type Forecast } from './prediction.js';

const waits = (target: string): Decision => ({ state: 'waiting', target, reasons: [{ type: 'never-built' }] });
const key = sha256('key');
const fingerprint = {
  format: 0,
  work: { type: 'command', text: '', tools: {} },
  params: {},
  inputs: {},
  env: {},
  outputs: [],
} as const;
const fresh: Decision = { state: 'fresh', target: 'old', key, fingerprint, outputs: {}, source: 'index' };
const back: Decision = { state: 'restorable', target: 'back', key, fingerprint, outputs: {}, restore: [], reasons: [] };

const TIMES: Readonly<Record<string, number>> = { old: 100, back: 50, slow: 4, adopted: 0 };
const forecast: Forecast = {
  jobs: 2,
  remembered: (target) => TIMES[target],
  timeLeft: (ahead, seconds) => ({
    seconds: Math.max(...[...ahead].map((target) => seconds(target) ?? 0)),
    untimed: [...ahead].filter((target) => seconds(target) === undefined).length,
  }),
};

test('a prediction has what is ahead: what is put back takes no time, what was never timed is told apart', (t) => {
  const decisions = [fresh, back, waits('slow'), waits('new'), waits('adopted')];
  const counts = { total: 3, remembered: 0, changed: 0, added: 3 };
  const parts = new Map([
    ['slow', { ...counts, asks: { parts: 2, questions: 5 } }],
    ['new', { ...counts, asks: { parts: 2, questions: null } }],
  ]);
  const prediction = predict(decisions, forecast, parts);
  t.deepEqual(
    [...prediction.seconds],
    [
      ['back', 0],
      ['slow', 4],
    ],
  );
  t.deepEqual(predictionJson(decisions, prediction, 2), {
    v: 1,
    type: 'prediction',
    targets: 5,
    ahead: 4,
    workSeconds: 4,
    expectedSeconds: 4,
    untimed: 2,
    questions: 5,
    jobs: 2,
  });
  t.like(decisionJson(waits('slow'), parts.get('slow'), prediction.seconds.get('slow')), {
    expectedSeconds: 4,
    parts: { total: 3, asks: { parts: 2, questions: 5 } },
  });
  t.false('expectedSeconds' in decisionJson(waits('new'), undefined, prediction.seconds.get('new')));
});
