import test from 'ava';
import { failureOf as hostFailureOf } from '../host/failure.js';
import { failureOf } from './failure.js';

test('where what was staged cannot be moved into place, that place is named', (t) => {
  const refused = Object.assign(new Error('EACCES: permission denied, rename'), {
    code: 'EACCES',
    path: '/project/cache/stage/run/0-0/a.txt',
    dest: '/project/out/a.txt',
  });
  t.deepEqual(failureOf(refused, '/project').diagnostic.facts, [['path', 'out/a.txt']]);
  t.like(hostFailureOf(refused, '/project'), { type: 'system', path: '/project/out/a.txt' });
});
