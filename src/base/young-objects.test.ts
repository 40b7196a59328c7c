import { getHeapSpaceStatistics } from 'node:v8';
import test from 'ava';
import { boundYoungObjects } from './young-objects.js';

function roomForYoungObjects(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}

/** Makes objects that outlive collections, for which V8 gives young ones more room. */
function makeObjects(): unknown[] {
  return Array.from({ length: 300_000 }, (_, n) => ({ n, more: [n] }));
}

test('young objects get no more room until the last that bounds it lets go', (t) => {
  const release = boundYoungObjects();
  const releaseToo = boundYoungObjects();
  const room = roomForYoungObjects();
  const kept = [makeObjects()];
  t.is(roomForYoungObjects(), room);
  release();
  release();
  kept.push(makeObjects());
  t.is(roomForYoungObjects(), room);
  releaseToo();
  kept.push(makeObjects());
  t.true(roomForYoungObjects() > room);
});
