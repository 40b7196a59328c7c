import test from 'ava';
import Database from 'better-sqlite3';
import { namesByTurn, writeRows } from './rows.js';

test('one annotation names others for a reward of another type, and in the other mode', (t) => {
  const both = '{"new_unique": ["a", 1, "b"], "turned_true": ["c"]}';
  const other = '{"achievements": ["d"]}';
  const rewards = [both, other, both, '[]', null, 'x'].flatMap((annotation) =>
    ['unique_achievement_delta', 'achievement_delta'].map((type) => ({ event_id: 7, reward_type: type, annotation })),
  );
  const rewarded = [{ id: 7, metadata: '{"turn": 2}' }];
  for (let again = 0; again < 2; again++) {
    const fixed = { newUnique: ['a', 'b', 'd', 'a', 'b'], turnedTrue: ['c', 'd', 'c'] };
    t.deepEqual([...namesByTurn(rewards, rewarded, 'fixed')], [[2, fixed]]);
    const reference = { newUnique: ['a', 'b', 'a', 'b'], turnedTrue: ['c', 'c'] };
    t.deepEqual([...namesByTurn(rewards, rewarded, 'reference')], [[2, reference]]);
  }
});

test('a reward of an event that is not there, or that has no turn, names nothing', (t) => {
  const rewards = [1n << 60n, 2, ' 3 ', '4.0', 5].map((event) => ({
    event_id: event,
    reward_type: 'achievement_delta',
    annotation: '{"turned_true": ["a"]}',
  }));
  const rewarded = [
    { id: 1n << 60n, metadata: '{"turn": 1}' },
    { id: 3, metadata: '{"turn": "3"}' },
    { id: 4, metadata: Buffer.from('{"turn": 4.9}') },
    { id: 5, metadata: '{"turn": {}}' },
  ];
  t.deepEqual([...namesByTurn(rewards, rewarded, 'fixed').keys()], [1, 3, 4]);
});

test('a text is the number that SQLite takes it for', (t) => {
  const db = new Database(':memory:');
  const rewarded = [0, 10, 16].map((id) => ({ id, metadata: `{"turn": ${id}}` }));
  for (const text of [
    '',
    ' ',
    '0x10',
    '\u00a016',
    '16x',
    '1_6',
    ' 16\n',
    '+16',
    '16.',
    '1.6e1',
    '.1E2',
    '00010',
    '-0',
    'Infinity',
  ]) {
    const rewards = [{ event_id: text, reward_type: 'achievement_delta', annotation: '{"turned_true": ["a"]}' }];
    const same = db.prepare('SELECT e FROM (SELECT CAST(value AS INTEGER) AS e FROM json_each(?)) WHERE e = ?').pluck();
    t.deepEqual([...namesByTurn(rewards, rewarded, 'fixed').keys()], same.all('[0,10,16]', text), JSON.stringify(text));
  }
  db.close();
});

test('what could not be handed on is in no later rows, and an end of any length is written', (t) => {
  const records =
    '[{"input_messages": [{"role": "user", "parts": [{"type": "text", "text": "hi"}]}], "output_text": "yes"}]';
  const event = { id: 1, model_name: 'm', provider: 'p', metadata: '{}', call_records: Buffer.from(records) };
  const rowsOf = (session: string, events = [event]) => {
    const lines: string[] = [];
    const rows = writeRows(
      events,
      { session, compat: 'fixed', names: new Map(), skipped: t.fail },
      {
        append: (line) => lines.push(Buffer.from(line).toString()),
        appendLines: (taken) => lines.push(...Buffer.from(taken).toString().split('\n').slice(0, -1)),
      },
    );
    t.is(rows, lines.length);
    return lines;
  };
  const failing = function* () {
    yield event;
    throw new Error('a page is damaged');
  };
  t.throws(() => rowsOf('a', failing() as unknown as (typeof event)[]), { message: 'a page is damaged' });
  const sessionOf = (line: string) => (JSON.parse(line) as { metadata: { session_id: string } }).metadata.session_id;
  const long = 'é'.repeat(5 << 20);
  for (const session of ['b', 'é', long, 'c'])
    t.deepEqual(rowsOf(session, [event, event]).map(sessionOf), [session, session]);
  // More than the kernel gathers.
  t.is(rowsOf('d', Array<typeof event>(9000).fill(event)).length, 9000);
});
