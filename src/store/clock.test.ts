import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tick, waitOneTick } from './clock.js';
import { scratchLayout } from './scratch-for-tests.js';

test('after waiting, what was written before is older than now by more than a tick', async (t) => {
  const layout = scratchLayout(t);
  const path = join(layout.cache, 'written');
  const before = tick(layout);
  writeFileSync(path, 'x');
  const { mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  t.true(mtimeNs >= before.nowNs);
  const after = await waitOneTick(layout);
  t.is(after.tickNs, before.tickNs);
  t.true(after.tickNs > 0n);
  t.true(mtimeNs + after.tickNs < after.nowNs);
  t.true(ctimeNs + after.tickNs < after.nowNs);
});

test('the time never goes back, however often it is asked for', (t) => {
  const layout = scratchLayout(t);
  const times = Array.from({ length: 50 }, () => tick(layout));
  for (const [i, { nowNs }] of times.entries()) {
    const next = times[i + 1];
    if (next !== undefined) t.true(next.nowNs >= nowNs);
  }
});
