import test from 'ava';
import { Timeline } from '../base/timeline.js';
import { sha256 } from '../base/digest.js';
import { checkTrace } from '../../test/trace-check.js';
import { TraceWriter } from './trace.js';

function traced(work: (timeline: Timeline, writer: TraceWriter) => void) {
  let text = '';
  const writer = new TraceWriter({ write: (more) => (text += more) });
  work(new Timeline(writer.onTimeline), writer);
  writer.close();
  return checkTrace(text);
}

test('phases of a group that overlap get lanes of their own, which are used again', (t) => {
  const { slices } = traced((timeline) => {
    const begin = (name: string) =>
      timeline.begin({ phase: 'decide', lane: { type: 'group', group: 'deciding' }, name });
    const [a, b] = [begin('a'), begin('b')];
    a.end();
    const c = begin('c');
    b.end();
    c.end();
  });
  t.deepEqual(
    slices.map(({ name, lane }) => [name, lane]),
    [
      ['decide: a', 'deciding'],
      ['decide: b', 'deciding 2'],
      ['decide: c', 'deciding'],
    ],
  );
});

test('what ends takes with it what is nested in it, and closing ends everything', (t) => {
  const { slices, waits } = traced((timeline) => {
    const outer = timeline.begin({ phase: 'slot', lane: { type: 'slot', slot: 1 }, name: 'a' });
    const inner = timeline.begin({ phase: 'run', lane: { type: 'slot', slot: 1 }, name: 'a' });
    outer.end();
    inner.end();
    timeline.begin({ phase: 'slot', lane: { type: 'slot', slot: 2 }, name: 'b' });
    timeline.begin({ phase: 'make', lane: { type: 'slot', slot: 2, worker: 1 }, name: 'p' });
    timeline.begin({ phase: 'wait for a slot', lane: { type: 'waiting' }, name: 'c' });
  });
  t.deepEqual(
    slices.map(({ name, lane, depth, args }) => [name, lane, depth, args['outcome']]),
    [
      ['run: a', 'slot 1', 1, undefined],
      ['a', 'slot 1', 0, undefined],
      ['make: p', 'slot 2, worker 1', 0, 'cut short'],
      ['b', 'slot 2', 0, 'cut short'],
    ],
  );
  t.is(waits.length, 1);
});

test('a target that begins anew ends first; phases of a target that is not under way are left out', (t) => {
  const key = sha256('key');
  const { slices } = traced((timeline, writer) => {
    const started = { type: 'target-started', target: 'a', key, action: 'run', reasons: [], attempt: 1 } as const;
    const phase = { phase: 'record', lane: { type: 'target', target: 'a' } } as const;
    timeline.begin(phase).end();
    writer.onBuild(started);
    timeline.begin(phase).end();
    writer.onBuild(started);
    writer.onBuild({ type: 'target-finished', target: 'a', action: 'run', seconds: 1, outputs: [], unchanged: false });
  });
  t.deepEqual(
    slices.map(({ name, depth, args }) => [name, depth, args['outcome']]),
    [
      ['record', 1, undefined],
      ['a', 0, 'begun anew'],
      ['a', 0, 'built'],
    ],
  );
});
