import { spawnSync } from 'node:child_process';
import test from 'ava';
import { atExit } from './at-exit.js';

test('what is not called off is done when a process ends', (t) => {
  const program = `
    const { atExit } = await import(${JSON.stringify(new URL('./at-exit.js', import.meta.url).href)});
    const off = atExit(() => console.log('called off'));
    atExit(() => console.log('first'));
    atExit(() => console.log('second'));
    off();
    process.exit(3);
  `;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  t.is(status, 3);
  t.is(stdout, 'first\nsecond\n');
});

test('any number of them is one listener, and none is left', (t) => {
  const before = process.listenerCount('exit');
  const offs = Array.from({ length: 20 }, () => atExit(() => undefined));
  t.is(process.listenerCount('exit'), before + 1);
  for (const off of offs) off();
  t.is(process.listenerCount('exit'), before);
});
