import test from 'ava';
import fc from 'fast-check';
import { runSchedule, type LifeEnd } from './scheduler.js';

interface Story {
  readonly begun: readonly string[];
  readonly skipped: Readonly<Record<string, string>>;
  readonly stopped: readonly string[];
}

/** Runs a schedule whose targets end as told, each in a turn of its own. */
async function tell(options: {
  names: readonly string[];
  needs?: Record<string, string[]>;
  after?: Record<string, string[]>;
  ends?: Record<string, LifeEnd>;
  keepGoing?: boolean;
  onLive?: (name: string) => void;
}): Promise<Story> {
  const begun: string[] = [];
  const skipped: Record<string, string> = {};
  const stopped: string[] = [];
  await runSchedule({
    names: options.names,
    dependencies: new Map(Object.entries(options.needs ?? {})),
    orderOnly: new Map(Object.entries(options.after ?? {})),
    keepGoing: options.keepGoing ?? false,
    live: async (name) => {
      begun.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      options.onLive?.(name);
      return options.ends?.[name] ?? 'done';
    },
    skip: (name, because) => (skipped[name] = because ?? 'stopped'),
    stop: (failed) => stopped.push(failed),
  });
  return { begun, skipped, stopped };
}

test('a target begins when all that it needs is done', async (t) => {
  const done = new Set<string>();
  const needs = { c: ['a', 'b'], d: ['c', 'gone'] };
  const { begun } = await tell({
    names: ['a', 'b', 'c', 'd'],
    needs,
    onLive: (name) => {
      if (name === 'c') t.true(done.has('a') && done.has('b'));
      if (name === 'd') t.true(done.has('c'));
      done.add(name);
    },
  });
  t.deepEqual(begun, ['a', 'b', 'c', 'd']);
});

test('an empty schedule ends', async (t) => {
  t.deepEqual(await tell({ names: [] }), { begun: [], skipped: {}, stopped: [] });
});

test('what needs a failed target is skipped, with the reason, and the build stops', async (t) => {
  const story = await tell({
    names: ['a', 'other', 'b', 'c', 'later'],
    needs: { b: ['a'], c: ['b'], later: ['other'] },
    ends: { a: 'failed' },
  });
  t.deepEqual(story.begun, ['a', 'other']);
  t.deepEqual(story.skipped, { b: '`a` failed', c: '`b` was not built', later: 'stopped' });
  t.deepEqual(story.stopped, ['a']);
});

test('-k goes on with what does not need the failed target', async (t) => {
  const story = await tell({
    names: ['a', 'other', 'b', 'later'],
    needs: { b: ['a'], later: ['other'] },
    after: { later: ['b'] },
    ends: { a: 'failed' },
    keepGoing: true,
  });
  t.deepEqual(story.begun, ['a', 'other', 'later']);
  t.deepEqual(story.skipped, { b: '`a` failed' });
  t.deepEqual(story.stopped, []);
});

test('a target that was stopped stops the rest, without a failure', async (t) => {
  const story = await tell({ names: ['a', 'b'], needs: { b: ['a'] }, ends: { a: 'stopped' } });
  t.deepEqual(story, { begun: ['a'], skipped: { b: 'stopped' }, stopped: [] });
});

test('every target is begun or skipped exactly once, whatever fails', async (t) => {
  const graph = fc.array(fc.record({ needs: fc.array(fc.nat(30)), after: fc.array(fc.nat(30)), fails: fc.boolean() }), {
    maxLength: 15,
  });
  await fc.assert(
    fc.asyncProperty(graph, fc.boolean(), async (nodes, keepGoing) => {
      const names = nodes.map((_, i) => `t${i}`);
      const earlier = (i: number, picks: number[]): string[] => (i === 0 ? [] : picks.map((pick) => `t${pick % i}`));
      const story = await tell({
        names,
        needs: Object.fromEntries(nodes.map(({ needs }, i) => [`t${i}`, earlier(i, needs)])),
        after: Object.fromEntries(nodes.map(({ after }, i) => [`t${i}`, earlier(i, after)])),
        ends: Object.fromEntries(nodes.map(({ fails }, i) => [`t${i}`, fails ? 'failed' : 'done'])),
        keepGoing,
      });
      t.deepEqual([...story.begun, ...Object.keys(story.skipped)].sort(), [...names].sort());
    }),
    { numRuns: 100 },
  );
});
