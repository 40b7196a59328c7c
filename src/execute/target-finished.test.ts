import test from 'ava';
import { sha256 } from '../base/digest.js';
import { ObjectStore } from '../store/objects.js';
import { noCounts } from './counts.js';
import type { BuildEvent } from './events.js';
import { tellFinished } from './target-finished.js';

const digest = sha256('');
const target = {
  name: 'a',
  outputs: { d: { name: 'd', path: 'out/d', kind: 'directory', at: { path: 'p', line: 1, column: 1 } } },
} as const;
const finished = {
  action: 'run',
  seconds: 1,
  before: undefined,
  outputs: { d: { kind: 'directory', digest, bytes: { sha256: digest, size: 0 } } },
} as const;

/** Nothing is kept. */
const objects = new ObjectStore('nowhere');
const FULL = new Error('the disk is full');
const none = (): Promise<never[]> => Promise.resolve([]);

test('a target that finished is told and counted', async (t) => {
  const counts = noCounts();
  const told: BuildEvent[] = [];
  const run = { emit: (event: BuildEvent) => void told.push(event), session: { objects, digester: { entries: none } } };
  await tellFinished({ run, counts }, target, finished);
  t.deepEqual(counts, { ...noCounts(), ran: 1 });
  t.deepEqual(
    told.map(({ type }) => type),
    ['target-finished'],
  );
});

test('one of which that cannot be told counts only as what comes of it: failed', async (t) => {
  const broken = { entries: () => Promise.reject(FULL) };
  for (const run of [
    { emit: () => t.fail('told of what is not known'), session: { objects, digester: broken } },
    {
      emit: () => {
        throw FULL;
      },
      session: { objects, digester: { entries: none } },
    },
  ]) {
    const counts = noCounts();
    await t.throwsAsync(tellFinished({ run, counts }, target, finished), { is: FULL });
    t.deepEqual(counts, noCounts());
  }
});
