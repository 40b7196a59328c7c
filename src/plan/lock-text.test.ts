import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { sha256 } from '../base/digest.js';
import { nextLock, parseLock, printLock, type LockedTarget, type LockFile } from './lock-file.js';
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
const SMALL = nextLock(undefined, TARGETS, () => true);

/** Longer than what is read at once, with a block that is, too. */
function large(): LockFile {
  const many = Array.from({ length: 2500 }, (_, n) => [`t${String(n)}`, block(`note ${String(n)}`)] as const);
  const targets = { ...TARGETS, ...Object.fromEntries(many), long: block('x'.repeat(600_000)) };
  return nextLock(undefined, targets, () => true);
}

function fileOf(t: ExecutionContext, lock: LockFile): string {
  const folder = tempFolder(t);
  const path = join(folder, 'pipeline.lock');
  writeFileSync(path, printLock(lock));
  return path;
}

function printed(pieces: ReturnType<LockText['with']>): string {
  if (typeof pieces !== 'object') return pieces ?? 'nothing';
  return Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece))).toString();
}

test('some blocks of a lock are those that all of it has', (t) => {
  const path = fileOf(t, SMALL);
  for (const name of Object.keys(TARGETS))
    t.deepEqual(new LockText(path, [name]).lock().targets, { [name]: SMALL.targets[name] });
  t.deepEqual(new LockText(path, ['nobody']).lock().targets, {});
  t.deepEqual(new LockText(path, []).lock().targets, {});
});

test('a lock with some blocks replaced is the lock printed anew', (t) => {
  const text = new LockText(fileOf(t, SMALL), [...Object.keys(TARGETS), 'nobody']);
  const changed = { zweites: block('otherwise, and ö'), first: block('short') };
  const next = printed(text.with(changed));
  t.is(next, printLock(nextLock(SMALL, changed, () => true)));
  t.deepEqual(parseLock(next, 'pipeline.lock').targets['zweites'], changed.zweites);
  t.is(text.with({ nobody: block('new') }), undefined);
  t.is(text.with({ first: TARGETS.first, zweites: TARGETS.zweites }), 'same');
});

test('blocks are found wherever they stand in a long lock, and replaced there', (t) => {
  const lock = large();
  const path = fileOf(t, lock);
  const names = Object.keys(lock.targets);
  t.deepEqual(new LockText(path, names).lock(), lock);
  for (const some of [['t0', 't999', 'long'], ['zweites'], names.slice(0, 3), names.slice(-3), names]) {
    const changed = Object.fromEntries(some.map((name) => [name, block(`new ${name}`)]));
    t.is(printed(new LockText(path, some).with(changed)), printLock(nextLock(lock, changed, () => true)));
  }
});
