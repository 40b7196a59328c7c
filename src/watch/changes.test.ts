import test from 'ava';
import { Changes } from './changes.js';

test('changes are taken for a build, each once, with the time of the first', (t) => {
  let now = 10;
  const changes = new Changes(() => now);
  t.deepEqual(changes.take(), { changed: undefined, sinceMs: 10 });
  for (const path of ['b', 'a', 'b']) {
    now += 10;
    changes.add(path);
  }
  t.deepEqual(changes.changed, { paths: ['b', 'a'], count: 2 });
  t.deepEqual(changes.take(), { changed: { paths: ['b', 'a'], count: 2 }, sinceMs: 20 });
  t.deepEqual(changes.take(), { changed: undefined, sinceMs: 40 });
});

test('what an aborted build was for is built with what came while it ran: all are counted, from the first on', (t) => {
  let now = 0;
  const changes = new Changes(() => now);
  const many = Array.from({ length: 30 }, (_, n) => `file ${n}`);
  for (const path of many) changes.add(path);
  changes.take();
  now = 50;
  for (const path of ['file 3', 'late']) changes.add(path);
  changes.putBack();
  t.deepEqual(changes.take(), { changed: { paths: many.slice(0, 20), count: 31 }, sinceMs: 0 });
  changes.clear();
  changes.putBack();
  t.deepEqual(changes.changed, { paths: [], count: 0 });
});
