import test from 'ava';
import { explain, type Explanation } from './explanation.js';
import { FakeProject, type FakeTarget } from './fake-project.js';
import { sha256 } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';

function targets(steps: number, code: string): Record<string, FakeTarget> {
  return {
    frames: {
      code,
      modules: { 'rules/test/rule.ts': sha256(code), 'rules/lib/chat.ts': sha256('chat') },
      params: { steps, policy: { kind: 'expert' } },
      inputs: { config: { from: ['src/config'] } },
      env: ['SEED'],
      outputs: { out: { path: 'out/frames' } },
    },
    full: { inputs: { frames: { from: ['frames'] } }, outputs: { out: { path: 'out/full' } } },
  };
}

async function explained(p: FakeProject, name: string): Promise<Explanation> {
  return explain(name, p.context(), await p.plan());
}

const changed = ({ components }: Explanation): string[] =>
  components.filter(({ differs }) => differs).map(({ name, before, now }) => `${name}: ${before} → ${now}`);

test('every component, before and now', async (t) => {
  const p = new FakeProject();
  p.files.set('src/config', 'config');
  p.targets = targets(50, 'v1');
  const first = await explained(p, 'frames');
  t.is(first.against, null);
  t.deepEqual(changed(first), []);
  await p.build();
  const same = await explained(p, 'frames');
  t.deepEqual(same.against, { type: 'last', target: 'frames' });
  t.deepEqual(changed(same), []);
  t.deepEqual(
    same.components.map(({ name, now }) => `${name} = ${now}`),
    [
      'rule = test/rule',
      `code = ${sha256('v1')}`,
      `module rules/lib/chat.ts = ${sha256('chat')}`,
      `module rules/test/rule.ts = ${sha256('v1')}`,
      'param policy.kind = expert',
      'param steps = 50',
      `input config = ${sha256('config')}`,
      'env SEED = (unset)',
      'outputs = out',
      'format = 3',
    ],
  );

  p.targets = targets(60, 'v2');
  p.files.set('src/config', 'other');
  p.environment['SEED'] = '1';
  t.deepEqual(changed(await explained(p, 'frames')), [
    `code: ${sha256('v1')} → ${sha256('v2')}`,
    `module rules/test/rule.ts: ${sha256('v1')} → ${sha256('v2')}`,
    'param steps: 50 → 60',
    `input config: ${sha256('config')} → ${sha256('other')}`,
    `env SEED: (unset) → ${sha256('1')}`,
  ]);
});

test('against the lock, modules are not known, and do not differ', async (t) => {
  const p = new FakeProject();
  p.files.set('src/config', 'config');
  p.targets = targets(50, 'v1');
  await p.build();
  p.actions = [];
  p.targets = targets(60, 'v1');
  const explanation = await explained(p, 'frames');
  t.deepEqual(explanation.against, { type: 'lock', target: 'frames' });
  t.deepEqual(changed(explanation), ['param steps: 50 → 60']);
});

test('what is not built upstream is not known yet', async (t) => {
  const p = new FakeProject();
  p.files.set('src/config', 'config');
  p.targets = targets(50, 'v1');
  await p.build();
  p.targets = targets(60, 'v1');
  const { decision, components } = await explained(p, 'full');
  t.is(decision.state, 'waiting');
  t.like(
    components.find(({ name }) => name === 'input frames'),
    { now: '(not known yet)', differs: false },
  );
});

test('params whose names have dots are told apart, and named as their reasons name them', async (t) => {
  const p = new FakeProject();
  const models = (prices: JsonObject): Record<string, FakeTarget> => ({
    t: { params: { prices }, outputs: { out: { path: 'out/t' } } },
  });
  p.targets = models({ 'gpt-4.1': 2, 'gpt-4': { 1: 3 } });
  await p.build();
  p.targets = models({ 'gpt-4.1': 5, 'gpt-4': { 1: 3 } });
  const explanation = await explained(p, 't');
  t.deepEqual(changed(explanation), ['param prices."gpt-4.1": 2 → 5']);
  const { decision } = explanation;
  t.like(decision, { reasons: [{ type: 'param-changed', param: 'prices."gpt-4.1"' }] });
});
