import test from 'ava';
import type { BuildEvent } from '../execute/events.js';
import { Narrator } from './narrator.js';
import type { Verbosity } from './renderer.js';

function failure(n: number, headline: string): BuildEvent {
  return {
    type: 'part-failed',
    target: 'traces',
    part: `seed-${n}`,
    diagnostic: { code: 'VB404', headline, next: 'do better' },
    attempt: 1,
    final: true,
  };
}

function told(verbosity: Verbosity, events: readonly BuildEvent[]): string[] {
  const narrator = new Narrator({ verbosity, style: 'plain' });
  return events.flatMap((event) => narrator.lines(event));
}

test('parts that fail in the same way are not explained again', (t) => {
  t.deepEqual(told('normal', [failure(1, 'no key'), failure(2, 'no key'), failure(3, 'no time')]), [
    'traces  part seed-1 failed',
    '  VB404: no key',
    '    next  do better',
    'traces  part seed-2 failed, in the same way',
    'traces  part seed-3 failed',
    '  VB404: no time',
    '    next  do better',
  ]);
});

test('a failure that is tried again tells how long the attempt took, not how long it waits', (t) => {
  const failed: BuildEvent = {
    type: 'target-failed',
    target: 'job',
    diagnostic: { code: 'VB408', headline: 'too long' },
    attempt: 1,
    final: false,
    seconds: 2,
  };
  t.is(told('normal', [failed])[0], 'job  attempt 1 failed after 2.0s, tries again');
});

test('what a target says of itself as a whole is told; what its parts and commands say only with -v', (t) => {
  const said = (line: string, of: { part?: string; phase?: 'assemble' }): BuildEvent => ({
    type: 'log',
    target: 'dataset',
    stream: 'out',
    line,
    ...of,
  });
  const events = [said('skipped event 3', { part: 'a' }), said('$ ls', {}), said('kept 2 of 3', { phase: 'assemble' })];
  t.deepEqual(told('normal', events), ['dataset  kept 2 of 3']);
  t.is(told('verbose', events).length, 3);
  t.deepEqual(told('quiet', events), []);
});

test('of very many failures the first ones are told, and that there are more; with -v all', (t) => {
  const events = Array.from({ length: 1000 }, (_, n) => failure(n, 'no key'));
  const lines = told('normal', events);
  t.is(lines.length, 13);
  t.is(lines.at(-1), 'traces  more parts failed; the log will have them all');
  t.is(told('verbose', events).length, 1002);
});
