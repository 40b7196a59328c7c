import { join } from 'node:path';
import test from 'ava';
import { shownPath } from './shown-path.js';

test('a path is shown from where the command runs, if it lies below', (t) => {
  t.is(shownPath(join(process.cwd(), 'data/a.db')), 'data/a.db');
  t.is(shownPath('data/a.db'), 'data/a.db');
  t.is(shownPath('/a'), '/a');
  t.is(shownPath(join(process.cwd(), '..', 'a')), join(process.cwd(), '..', 'a'));
  t.is(shownPath(process.cwd()), process.cwd());
});
