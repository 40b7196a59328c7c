import test from 'ava';
import { PathIndex } from './path-index.js';

test('what happens at a path touches what is there, above it and below it', (t) => {
  const index = new PathIndex<string>();
  index.add('/p/frames', 'frames');
  index.add('/p/data/in.txt', 'in');
  index.add('/p/data/in.txt', 'also in');
  index.add('/p/data/deep/er.txt', 'er');
  const touched = (path: string): string[] => [...index.touchedBy(path)].sort();
  t.deepEqual(touched('/p/frames/day/1.png'), ['frames']);
  t.deepEqual(touched('/p/data/in.txt'), ['also in', 'in']);
  t.deepEqual(touched('/p/data/in.txt~'), []);
  t.deepEqual(touched('/p/data'), ['also in', 'er', 'in']);
  t.deepEqual(touched('/p/dat'), []);
  t.deepEqual(touched('/'), ['also in', 'er', 'frames', 'in']);
  t.deepEqual(touched('/p/other'), []);
});
