import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { moveAside } from './aside.js';

test('what is moved aside keeps its relative name, and nothing aside is ever replaced', (t) => {
  const root = tempFolder(t);
  const aside = join(root, 'aside');
  const put = (text: string): string => {
    mkdirSync(join(root, 'out'), { recursive: true });
    writeFileSync(join(root, 'out/a.txt'), text);
    return join(root, 'out/a.txt');
  };
  t.is(moveAside(put('first'), 'out/a.txt', aside), join(aside, 'out/a.txt'));
  t.is(moveAside(put('second'), 'out/a.txt', aside), join(aside, 'out/a.txt.2'));
  t.is(readFileSync(join(aside, 'out/a.txt'), 'utf8'), 'first');
  t.is(readFileSync(join(aside, 'out/a.txt.2'), 'utf8'), 'second');
  t.false(existsSync(join(root, 'out/a.txt')));

  symlinkSync('nowhere', join(root, 'link'));
  moveAside(join(root, 'link'), '../../link', aside);
  symlinkSync('nowhere', join(root, 'link'));
  t.is(moveAside(join(root, 'link'), '../../link', aside), join(aside, 'link.2'));
});
