import { execFileSync } from 'node:child_process';
import test from 'ava';

/** In a process of its own: V8 gives room in steps, and what ran before has taken some of them. */
const PROGRAM = `
import { getHeapSpaceStatistics } from 'node:v8';
import { boundYoungObjects } from '${new URL('./young-objects.js', import.meta.url).href}';

const kept = [];
/** Room after making objects that outlive collections, for which V8 gives young ones more. */
function room() {
  for (let i = 0; i < 2; i++) kept.push(Array.from({ length: 300_000 }, (_, n) => ({ n, more: [n] })));
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
}
const release = boundYoungObjects();
const releaseToo = boundYoungObjects();
const bound = room();
release();
release();
const heldByOne = room();
releaseToo();
console.log(JSON.stringify({ bound, heldByOne, free: room() }));
`;

test('young objects get no more room until the last that bounds it lets go', (t) => {
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { encoding: 'utf8' });
  const { bound, heldByOne, free } = JSON.parse(said) as Record<'bound' | 'heldByOne' | 'free', number>;
  t.is(heldByOne, bound);
  t.true(free > bound, said);
});
