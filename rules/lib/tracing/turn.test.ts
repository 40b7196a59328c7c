import test from 'ava';
import fc from 'fast-check';
import { columnMembers } from './json-column.js';
import { quickTurn, type Turn, TURN_MEMBERS, TurnCounter, turnOf } from './turn.js';

const MOST = Number.MAX_SAFE_INTEGER;

test('a turn is an exact integer, whatever it is written as', (t) => {
  const turns = [
    ...['3', '-3', '0', '-0', '3.0', '3.9', '-0.5', '3e2', '1e999', 'NaN', 'true', 'null', '[]', '"7"', '" +7\\n"'],
    ...[
      '"-0"',
      '"7.0"',
      '"1_8"',
      '""',
      '9007199254740991',
      '9007199254740992',
      '-9007199254740993',
      '"9007199254740993"',
    ],
    ...['"0000000000000000000000012"', '9007199254740991.4', '12345678901234567890123'],
  ].map((text) => turnOf(columnMembers(`{"turn": ${text}}`, TURN_MEMBERS)?.get('turn')));
  t.deepEqual(turns, [
    ...[3, -3, 0, 0, 3, 3, 0, 300, undefined, undefined, 1, undefined, undefined, 7, 7],
    ...[0, undefined, undefined, undefined, MOST, undefined, undefined, undefined],
    ...[12, MOST, undefined],
  ]);
});

test('a turn that is told at once is the one that reading with care gives', (t) => {
  const value = fc.oneof(
    fc.integer().map(String),
    fc.double().map(String),
    fc.constantFrom('-0', '1.0', '-0.0', '1e3', '1e400', '9007199254740992', 'NaN', 'null', 'true', '"3"', '[1]', '01'),
  );
  const key = fc.constantFrom('"turn"', '"turn"', '"turn"', '"t\\u0075rn"', '"step_id"', '"__proto__"', '"\u0001"');
  const members = fc.array(fc.tuple(key, value), { maxLength: 4 });
  const text = members.map((all) => `{${all.map(([name, said]) => `${name}: ${said}`).join(', ')}}`);
  let told = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: text }, value), (metadata) => {
      const turn = quickTurn(metadata);
      if (turn === undefined) return;
      told++;
      t.deepEqual([turn], [turnOf(columnMembers(metadata, TURN_MEMBERS)?.get('turn'))], metadata);
    }),
    { seed: 1, numRuns: 3000 },
  );
  t.true(told > 300, `only ${told} were told at once`);
  t.is(quickTurn(`{"turn": 1, "note": "${'x'.repeat(3000)}"}`), undefined);
});

test('a counter goes on behind the largest turn, beyond what a number holds', (t) => {
  const counter = new TurnCounter();
  const turns: (Turn | undefined)[] = [counter.take(new Map())];
  turns.push(counter.pass(7), counter.pass(2), counter.take(new Map()));
  turns.push(counter.take(new Map([['turn', MOST]])), counter.take(new Map()), counter.take(new Map()));
  turns.push(counter.pass(MOST), counter.take(new Map()));
  t.deepEqual(turns, [0, 7, 2, 8, MOST, 2n ** 53n, 2n ** 53n + 1n, MOST, 2n ** 53n + 2n]);
});
