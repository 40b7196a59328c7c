import test from 'ava';
import fc from 'fast-check';
import { Machine, MOST_RUNS, type Signal } from './machine.js';

const start: Signal = { type: 'start' };
const change: Signal = { type: 'change' };
const quiet: Signal = { type: 'quiet' };
const interrupt: Signal = { type: 'interrupt' };
const ended = (...ran: string[]): Signal => ({ type: 'ended', ran });
const probed = (inVain: boolean): Signal => ({ type: 'probed', inVain });

/** The effects of each signal, as words. */
function run(machine: Machine, ...signals: Signal[]): string[] {
  return signals.map((signal) =>
    machine
      .signal(signal)
      .map(({ type }) => type)
      .join(' '),
  );
}

test('a change while nothing runs is waited out, then built', (t) => {
  const machine = new Machine();
  t.deepEqual(run(machine, start, ended(), quiet), ['build', 'wait', '']);
  t.is(machine.state, 'idle');
  t.deepEqual(run(machine, change, change, quiet), ['wait', 'wait', 'build']);
  t.is(machine.state, 'building');
});

test('a change while a build runs: it is asked whether what runs is in vain', (t) => {
  const machine = new Machine();
  run(machine, start);
  t.deepEqual(run(machine, change, quiet, probed(true), ended('a'), quiet), [
    'wait',
    'probe',
    'abort',
    'wait',
    'build',
  ]);
  t.deepEqual(run(machine, change, quiet, probed(false), ended('a'), quiet), ['wait', 'probe', '', 'wait', 'build']);
});

test('another change while that is asked: it is asked again', (t) => {
  const machine = new Machine();
  run(machine, start, change, quiet);
  t.deepEqual(run(machine, change, probed(true), quiet, probed(true)), ['wait', '', 'probe', 'abort']);
});

test('a target that changes its own inputs is stopped; the next change begins anew', (t) => {
  const machine = new Machine();
  run(machine, start);
  for (let i = 1; i < MOST_RUNS; i++) t.deepEqual(run(machine, ended('a'), change, quiet), ['wait', 'wait', 'build']);
  run(machine, ended('a', 'b'), change);
  t.deepEqual(machine.signal(quiet), [{ type: 'give-up', targets: [{ target: 'a', runs: MOST_RUNS }] }]);
  t.is(machine.state, 'idle');
  t.deepEqual(run(machine, change, quiet), ['wait', 'build']);
});

test('as many rebuilds as one likes, where the changes come from elsewhere', (t) => {
  const machine = new Machine();
  run(machine, start, ended('a'), quiet);
  for (let i = 0; i < 5 * MOST_RUNS; i++) {
    t.deepEqual(run(machine, change, quiet, ended('a'), quiet), ['wait', 'build', 'wait', '']);
  }
});

test('an interrupt ends it at once, or when the build is stopped', (t) => {
  const idle = new Machine();
  run(idle, start, ended(), quiet);
  t.deepEqual(run(idle, interrupt, interrupt, change, quiet), ['stop', '', '', '']);
  const busy = new Machine();
  run(busy, start);
  t.deepEqual(run(busy, interrupt, change, ended()), ['abort', '', 'stop']);
});

test('whatever comes: never two builds at once, no change is lost, an interrupt always ends it', (t) => {
  const signals = fc.array(fc.constantFrom<Signal>(change, quiet, ended('a'), ended(), probed(true), probed(false)), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(signals, (list) => {
      const machine = new Machine();
      machine.signal(start);
      let building = true;
      let owed = false;
      for (const signal of list) {
        // The driver tells of an end only where something was begun.
        if (signal.type === 'ended' && !building) continue;
        if (signal.type === 'ended') building = false;
        if (signal.type === 'change') owed = true;
        for (const { type } of machine.signal(signal)) {
          if (type === 'build') {
            t.false(building);
            building = true;
            owed = false;
          }
          if (type === 'give-up') owed = false;
        }
        t.is(machine.busy, building);
        if (owed) t.not(machine.state, 'idle');
      }
      const effects = [...machine.signal(interrupt), ...(building ? machine.signal(ended()) : [])];
      t.is(effects.at(-1)?.type, 'stop');
    }),
  );
});
