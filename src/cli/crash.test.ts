import { EventEmitter } from 'node:events';
import test from 'ava';
import { EXIT } from '../diagnostics/diagnostic.js';
import { tellOfCrashes } from './crash.js';

test('what nobody catches is told as a failure of vlmbuild’s own, and ends the process', (t) => {
  const world = Object.assign(new EventEmitter(), {
    said: '',
    code: undefined as number | undefined,
    stderr: { write: (text: string) => (world.said += text) },
    exit: (code: number) => (world.code = code),
  });
  tellOfCrashes(world as unknown as NodeJS.Process);
  world.emit('uncaughtException', new TypeError('no such thing'));
  t.regex(world.said, /^VB417: vlmbuild failed: no such thing\n {2}stack {2}TypeError: no such thing\n {9,}at /);
  t.is(world.code, EXIT.failed);
});
