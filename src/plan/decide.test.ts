import test from 'ava';
import fc from 'fast-check';
import { sha256 } from '../base/digest.js';
import { decide } from './decide.js';
import type { Decision } from './decision.js';
import { FakeProject, type FakeTarget } from './fake-project.js';
import { reasonText } from './reason-text.js';

/** frames → full → dataset, as a reader of a file would have it. */
function chain(
  change: { steps?: number; code?: string; dataset?: Partial<FakeTarget> } = {},
): Record<string, FakeTarget> {
  return {
    frames: {
      params: { steps: change.steps ?? 50 },
      inputs: { config: { from: ['src/config'] } },
      outputs: { out: { path: 'out/frames' } },
    },
    full: {
      rule: 'test/full',
      code: change.code ?? 'v1',
      inputs: { frames: { from: ['frames'] } },
      outputs: { out: { path: 'out/full' } },
    },
    dataset: {
      rule: 'test/filter',
      inputs: { rows: { from: ['full'] } },
      outputs: { out: { path: 'out/dataset' } },
      ...change.dataset,
    },
  };
}

function project(targets: Record<string, FakeTarget> = chain()): FakeProject {
  const made = new FakeProject();
  made.files.set('src/config', 'config');
  made.targets = targets;
  return made;
}

/** `frames fresh`, `full stale: param changed (…)`. */
function lines(decisions: ReadonlyMap<string, Decision>): string[] {
  return [...decisions.values()].map((decision) => {
    const reasons = decision.state === 'fresh' ? [] : decision.reasons.map(reasonText);
    return `${decision.target} ${decision.state}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}`;
  });
}

const ALL_FRESH = ['frames fresh', 'full fresh', 'dataset fresh'];

test('what was never built is stale, what follows waits; built once, all is fresh', async (t) => {
  const p = project();
  t.deepEqual(lines(await p.plan()), [
    'frames stale: never built',
    'full waiting: never built; upstream stale (frames)',
    'dataset waiting: never built; upstream stale (full)',
  ]);
  await p.build();
  t.deepEqual(lines(await p.plan()), ALL_FRESH);
  t.deepEqual(p.ran, ['frames', 'full', 'dataset']);
});

test('a param changes and changes back', async (t) => {
  const p = project();
  await p.build();
  p.targets = chain({ steps: 60 });
  const perhaps = '; will not run if that comes out the same';
  t.deepEqual(lines(await p.plan()), [
    'frames stale: param changed (steps 50 → 60)',
    `full waiting: upstream stale (frames${perhaps})`,
    `dataset waiting: upstream stale (full${perhaps})`,
  ]);
  await p.build();
  p.targets = chain();
  t.deepEqual(lines(await p.plan()), [
    'frames restorable: param changed (steps 60 → 50)',
    'full restorable: input changed (frames)',
    'dataset restorable: input changed (rows)',
  ]);
  await p.build();
  t.deepEqual(lines(await p.plan()), ALL_FRESH);
  t.is(p.ran.length, 6);
});

test('what waits names reasons of its own', async (t) => {
  const p = project();
  await p.build();
  p.targets = { ...chain({ steps: 60, code: 'v2' }) };
  t.is(lines(await p.plan())[1], 'full waiting: rule changed; upstream stale (frames)');
});

test('same bytes upstream end the rebuild', async (t) => {
  const p = project();
  p.make = (target, output) => `${target.name}.${output}`;
  await p.build();
  p.files.set('src/config', 'other config');
  t.is(lines(await p.plan())[0], 'frames stale: input changed (config: changed src/config)');
  await p.build();
  t.deepEqual(p.ran, ['frames', 'full', 'dataset', 'frames']);
  t.deepEqual(lines(await p.plan()), ALL_FRESH);
});

test('outputs: missing, edited, and replaced by what an earlier build made', async (t) => {
  const p = project();
  await p.build();
  const before = p.files.get('out/dataset') ?? '';
  p.files.delete('out/dataset');
  t.is(lines(await p.plan())[2], 'dataset restorable: output missing (out/dataset)');
  p.files.set('out/dataset', 'edited by hand');
  t.is(lines(await p.plan())[2], 'dataset restorable: output edited (out/dataset)');
  p.files.set('out/dataset', p.files.get('out/full') ?? '');
  t.is(lines(await p.plan())[2], 'dataset restorable: output replaced (out/dataset)');
  await p.build();
  t.is(p.files.get('out/dataset'), before);
  t.deepEqual(lines(await p.plan()), ALL_FRESH);
});

test('a result upstream that is only in the store gives the key downstream', async (t) => {
  const p = project();
  await p.build();
  p.files.delete('out/frames');
  t.deepEqual(lines(await p.plan()), ['frames restorable: output missing (out/frames)', 'full fresh', 'dataset fresh']);
});

test('an output that is nowhere is made again', async (t) => {
  const p = project();
  await p.build();
  p.store.clear();
  t.deepEqual(lines(await p.plan()), ALL_FRESH);
  p.files.delete('out/dataset');
  t.is(lines(await p.plan())[2], 'dataset stale: output missing (out/dataset)');
});

test('only the outputs that are wrong need their bytes', async (t) => {
  const p = project({ two: { outputs: { a: { path: 'out/a' }, b: { path: 'out/b' } } } });
  await p.build();
  p.store.delete(sha256(p.files.get('out/a') ?? ''));
  p.files.delete('out/b');
  const decision = (await p.plan()).get('two');
  t.like(decision, { state: 'restorable', restore: ['b'] });
});

test('a file where a database was is an edit, not an error', async (t) => {
  const p = project({ db: { outputs: { out: { path: 'out/x.db', kind: 'sqlite' } } } });
  await p.build();
  p.files.set('out/x.db', 'not a database');
  t.deepEqual(lines(await p.plan()), ['db restorable: output edited (out/x.db)']);
});

test('a database read as a file has the digest of its bytes, on disk or not', async (t) => {
  const targets: Record<string, FakeTarget> = {
    db: { outputs: { out: { path: 'out/x.db', kind: 'sqlite' } } },
    sum: { inputs: { db: { kind: 'file', from: ['db'] } }, outputs: { out: { path: 'out/sum' } } },
    rows: { inputs: { db: { kind: 'sqlite', from: ['db'] } }, outputs: { out: { path: 'out/rows' } } },
  };
  const p = project(targets);
  const decisions = await p.build();
  const content = p.files.get('out/x.db') ?? '';
  const inputsOf = (name: string): unknown => {
    const decision = decisions.get(name);
    return decision !== undefined && 'fingerprint' in decision ? decision.fingerprint.inputs : undefined;
  };
  t.deepEqual(inputsOf('sum'), { db: sha256(content) });
  t.deepEqual(inputsOf('rows'), { db: sha256(`rows of ${content}`) });
  p.files.delete('out/x.db');
  t.deepEqual(lines(await p.plan()).slice(1), ['sum fresh', 'rows fresh']);
});

test('what is read around or inside an output must be on disk', async (t) => {
  const p = project({
    frame: { outputs: { out: { path: 'out/frames/0.png' } } },
    list: { inputs: { frames: { kind: 'directory', from: ['out/frames'] } }, outputs: { out: { path: 'out/list' } } },
  });
  await p.build();
  t.deepEqual(lines(await p.plan()), ['frame fresh', 'list fresh']);
  p.files.delete('out/frames/0.png');
  t.deepEqual(lines(await p.plan()), [
    'frame restorable: output missing (out/frames/0.png)',
    'list waiting: upstream stale (frame; will not run if that comes out the same)',
  ]);
  await p.build();
  t.deepEqual(p.ran, ['frame', 'list']);
});

test('a directory input names its entries', async (t) => {
  const p = project({
    list: {
      inputs: { in: { kind: 'directory', from: ['src/images'] } },
      outputs: { out: { path: 'out/list' } },
    },
  });
  for (const name of ['a', 'b', 'c']) p.files.set(`src/images/${name}.png`, name);
  await p.build();
  p.files.set('src/images/a.png', 'A');
  p.files.delete('src/images/b.png');
  p.files.set('src/images/d.png', 'd');
  t.deepEqual(lines(await p.plan()), ['list stale: input changed (in: added d.png; changed a.png; removed b.png)']);
});

test('an input that is gone is an error that names it', async (t) => {
  const p = project();
  p.files.delete('src/config');
  await t.throwsAsync(p.plan(), { message: 'input `config` of `frames` is not there' });
});

test('the lock is believed: history lost, outputs in place', async (t) => {
  const p = project();
  await p.build();
  p.actions = [];
  p.store.clear();
  const decisions = await p.plan();
  t.deepEqual(lines(decisions), ALL_FRESH);
  t.like(decisions.get('dataset'), { state: 'fresh', source: 'lock' });
  t.is(p.ran.length, 3);

  p.files.set('out/dataset', 'edited');
  t.is(lines(await p.plan())[2], 'dataset stale: output edited (out/dataset)');
  p.files.delete('out/dataset');
  t.is(lines(await p.plan())[2], 'dataset stale: never built');
  p.targets = chain({ steps: 60 });
  t.is(lines(await p.plan())[0], 'frames stale: param changed (steps 50 → 60)');
});

test('a lock with another key, or of a partial result, is not believed', async (t) => {
  const p = project();
  await p.build();
  p.actions = [];
  const dataset = p.lock?.targets['dataset'];
  if (dataset === undefined) return t.fail();
  p.lock = { version: 1, targets: { ...p.lock?.targets, dataset: { ...dataset, partial: '97 of 100' } } };
  t.not(lines(await p.plan())[2], 'dataset fresh');
  p.lock = { version: 1, targets: { ...p.lock.targets, dataset: { ...dataset, key: sha256('other') } } };
  t.not(lines(await p.plan())[2], 'dataset fresh');
});

test('forced, failed before, parts failed, another format', async (t) => {
  const p = project();
  await p.build();
  p.forced = new Set(['full']);
  t.is(lines(await p.plan())[1], 'full stale: forced');
  p.forced = new Set();

  const [last] = p.actions;
  if (last === undefined) return t.fail();
  p.actions = p.actions.map((action) => (action === last ? { ...last, parts: { total: 100, failed: 3 } } : action));
  t.is(lines(await p.plan())[2], 'dataset stale: parts failed (3 of 100)');

  const older = { ...last, key: sha256('old key'), fingerprint: { ...last.fingerprint, format: 0 } };
  p.actions = p.actions.map((action) => (action.target === 'dataset' ? older : action));
  p.last.set('dataset', older.key);
  p.lock = undefined;
  t.is(lines(await p.plan())[2], 'dataset stale: format changed (0 → 3)');

  p.targets = chain({ dataset: { params: { new: true } } });
  const key = (await p.plan()).get('dataset');
  if (key?.state !== 'stale') return t.fail();
  p.failures.set('dataset', { key: key.key, message: 'out of memory\nat line 3' });
  t.is(lines(await p.plan())[2], 'dataset stale: failed before (out of memory; at line 3); format changed (0 → 3)');
});

test('a result that would come out different is not made again unasked', async (t) => {
  const p = project(chain({ dataset: { deterministic: false } }));
  await p.build();
  p.files.delete('out/dataset');
  t.is((await p.plan()).get('dataset')?.state, 'restorable');
  p.store.clear();
  const lost = (await p.plan()).get('dataset');
  t.like(lost, { state: 'stale', refused: { code: 'VB305' } });
  p.actions = [];
  t.like((await p.plan()).get('dataset'), { state: 'stale', refused: { code: 'VB305' } }, 'the lock pins it, too');
  p.forced = new Set(['dataset']);
  t.is((await decide(...subject(p, await p.plan()))).state, 'stale');
  t.false('refused' in ((await p.plan()).get('dataset') ?? {}));
  p.forced = new Set();
  p.targets = chain({ dataset: { deterministic: false, params: { n: 2 } } });
  t.false('refused' in ((await p.plan()).get('dataset') ?? {}), 'a new key runs');
});

function subject(p: FakeProject, done: ReadonlyMap<string, Decision>): Parameters<typeof decide> {
  const context = p.context();
  const target = context.graph.pipeline.targets.get('dataset');
  if (target === undefined) throw new Error('no dataset');
  return [target, context, (name) => done.get(name)];
}

test('two targets with one key share a result', async (t) => {
  const p = project({
    one: { params: { n: 1 }, outputs: { out: { path: 'out/one' } } },
    two: { params: { n: 1 }, outputs: { out: { path: 'out/two' } } },
  });
  await p.build();
  t.deepEqual(p.ran, ['one']);
  t.is(p.files.get('out/two'), p.files.get('out/one'));
  t.deepEqual(lines(await p.plan()), ['one fresh', 'two fresh']);
});

test('a renamed target keeps its result, and its past', async (t) => {
  const { frames, full } = chain();
  if (frames === undefined || full === undefined) return t.fail();
  const p = project({ frames });
  await p.build();
  p.targets = { pictures: frames };
  t.deepEqual(lines(await p.plan()), ['pictures fresh']);
  p.targets = { pictures: { ...frames, params: { steps: 70 } } };
  t.deepEqual(lines(await p.plan()), ['pictures stale: param changed (steps 50 → 70)']);
  p.targets = { frames, more: { ...frames, params: { steps: 70 }, outputs: { out: { path: 'out/more' } } } };
  t.deepEqual(lines(await p.plan()), ['frames fresh', 'more stale: never built']);
});

test('commands: text and tools count, the paths of outputs do not', async (t) => {
  const card = { run: 'python3 card.py', tools: ['python3'], env: ['SEED'], outputs: { out: { path: 'out/card' } } };
  const p = project({ card });
  await p.build();
  p.versions['python3'] = '2';
  t.deepEqual(lines(await p.plan()), ['card stale: tools changed (python3: 1 → 2)']);
  p.versions = {};
  p.environment['SEED'] = '';
  t.deepEqual(lines(await p.plan()), ['card stale: env changed (SEED is set now)']);
  p.environment = {};
  p.targets = { card: { ...card, outputs: { out: { path: 'out/README' } } } };
  t.deepEqual(lines(await p.plan()), ['card restorable: output missing (out/README)']);
  p.targets = { card: { ...card, outputs: { out: { path: 'out/x.db', kind: 'sqlite' } } } };
  t.is((await p.plan()).get('card')?.state, 'stale', 'a result of another kind is none');
});

test('a command whose output is of another kind by its new name says that it is missing', async (t) => {
  const p = project({ t: { run: 'ls', outputs: { out: { path: 'out/a.txt', kind: 'file' } } } });
  await p.build();
  p.lock = undefined;
  p.targets = { t: { run: 'ls', outputs: { out: { path: 'out/a.db', kind: 'sqlite' } } } };
  t.deepEqual(lines(await p.plan()), ['t stale: output missing (out/a.db)']);
});

test('any edits: an incremental build leaves what a build from nothing leaves, and after it all is fresh', async (t) => {
  const edit = fc.oneof(
    fc.record({ type: fc.constant('source' as const), value: fc.nat(2) }),
    fc.record({ type: fc.constant('steps' as const), value: fc.nat(2) }),
    fc.record({ type: fc.constant('code' as const), value: fc.nat(2) }),
    fc.record({ type: fc.constant('delete' as const), value: fc.nat(2) }),
    fc.record({ type: fc.constant('garble' as const), value: fc.nat(2) }),
    fc.record({ type: fc.constant('forget' as const), value: fc.nat(2) }),
  );
  const paths = ['out/frames', 'out/full', 'out/dataset'];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(edit, { maxLength: 3 }), { maxLength: 5 }), async (rounds) => {
      const p = project();
      // Coarse contents, so that different keys often give the same bytes.
      p.make = (target, _, key) => `${target.name} ${Number.parseInt(key.slice(7, 9), 16) % 3}`;
      const state = { steps: 0, code: '0' };
      for (const edits of rounds) {
        for (const { type, value } of edits) {
          const path = paths[value] ?? '';
          if (type === 'source') p.files.set('src/config', String(value));
          if (type === 'steps') state.steps = value;
          if (type === 'code') state.code = String(value);
          if (type === 'delete') p.files.delete(path);
          if (type === 'garble') p.files.set(path, 'garbled');
          if (type === 'forget') p.store.clear();
          if (type === 'forget' && value === 2) p.actions = [];
        }
        p.targets = chain(state);
        await p.build();
        const clean = project(chain(state));
        clean.make = p.make;
        clean.files.set('src/config', p.files.get('src/config') ?? '');
        await clean.build();
        t.deepEqual([...p.files].sort(), [...clean.files].sort());
        t.deepEqual(lines(await p.plan()), ALL_FRESH);
        t.deepEqual(p.lock, clean.lock);
      }
    }),
    { seed: 11, numRuns: 100 },
  );
});
