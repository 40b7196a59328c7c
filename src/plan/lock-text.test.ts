import test from 'ava';
import { sha256 } from '../base/digest.js';
import { nextLock, parseLock, printLock, type LockedTarget } from './lock-file.js';
import { LockText } from './lock-text.js';

const block = (note: string): LockedTarget => ({
  command: 'cp {inputs.input} {outputs.output}',
  tools: {},
  key: sha256(note),
  params: { note },
  inputs: { input: sha256('in') },
  outputs: { output: sha256('out') },
});

const TARGETS = { first: block('ä one'), zweites: block('two\nlines'), 'ünï-drei': block('three') };
const lock = nextLock(undefined, TARGETS, () => true);
const text = new LockText(Buffer.from(printLock(lock)), 'pipeline.lock');

test('some blocks of a lock are those that all of it has', (t) => {
  for (const name of Object.keys(TARGETS)) t.deepEqual(text.only([name]).targets, { [name]: lock.targets[name] });
  t.deepEqual(text.only(['nobody']).targets, {});
});

test('a lock with some blocks replaced is the lock printed anew', (t) => {
  const changed = { zweites: block('otherwise, and ö'), first: block('short') };
  const bytes = text.with(changed);
  t.is(bytes?.toString(), printLock(nextLock(lock, changed, () => true)));
  t.deepEqual(parseLock(bytes?.toString() ?? '', 'pipeline.lock').targets['zweites'], changed.zweites);
  t.is(text.with({ nobody: block('new') }), undefined);
});
