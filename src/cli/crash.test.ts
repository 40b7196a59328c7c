import { EventEmitter } from 'node:events';
import test from 'ava';
import { EXIT } from '../diagnostics/diagnostic.js';
import { tellOfCrashes } from './crash.js';

/** A process, as far as it matters, with what it said and how it ended. */
class World extends EventEmitter {
  said = '';
  code: number | undefined;
  readonly stderr = { write: (text: string) => (this.said += text) };

  exit(code: number): void {
    this.code = code;
  }
}

test('what nobody catches is told as a failure of vlmbuild’s own, and ends the process', async (t) => {
  const world = new World();
  await tellOfCrashes(async () => 0, world as unknown as NodeJS.Process);
  world.emit('uncaughtException', new TypeError('no such thing'));
  t.regex(world.said, /^VB417: vlmbuild failed: no such thing\n {2}stack {2}TypeError: no such thing\n {9,}at /);
  t.is(world.code, EXIT.failed);
});

test('a process that has nothing to wait for ends well once its work is done, and not before', async (t) => {
  const world = new World();
  let finish = (): void => undefined;
  const work = tellOfCrashes(
    () => new Promise<void>((resolve) => (finish = resolve)),
    world as unknown as NodeJS.Process,
  );
  world.emit('beforeExit', 0);
  t.regex(world.said, /^VB417: vlmbuild failed: nothing was left to wait for/);
  t.is(world.code, EXIT.failed);
  finish();
  await work;

  const other = new World();
  t.is(await tellOfCrashes(async () => 7, other as unknown as NodeJS.Process), 7);
  other.emit('beforeExit', 0);
  t.is(other.said, '');
  t.is(other.code, undefined);
});
