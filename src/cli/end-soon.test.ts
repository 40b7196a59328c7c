import test from 'ava';
import { endSoon } from './end-soon.js';

async function ends(stdout: number, stderr: number): Promise<boolean> {
  let ended = false;
  const exit = (): void => {
    ended = true;
  };
  endSoon({ stdout: { writableLength: stdout }, stderr: { writableLength: stderr }, exit });
  await new Promise((resolve) => setImmediate(resolve));
  return ended;
}

test('a process ends at once where all that it printed was taken, and else when it was', async (t) => {
  t.true(await ends(0, 0));
  t.false(await ends(1, 0));
  t.false(await ends(0, 1));
});
