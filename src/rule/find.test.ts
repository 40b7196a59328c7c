import { join } from 'node:path';
import test from 'ava';
import { findRule, isRuleName, ruleNames } from './find.js';
import { tempProject } from './temp-project.js';

test('a project rule comes before a built-in one', (t) => {
  const own = tempProject(t, { 'rules/sft/filter.ts': '' });
  const builtIn = tempProject(t, { 'rules/sft/filter.ts': '', 'rules/sft/export.ts': '' });
  const places = { root: own.root, packageRoot: builtIn.root };
  t.is(findRule('sft/filter', places)?.path, join(own.root, 'rules/sft/filter.ts'));
  const found = findRule('sft/export', places);
  t.is(found?.path, join(builtIn.root, 'rules/sft/export.ts'));
  t.deepEqual(found?.shadows, [join(own.root, 'rules/sft/export.ts')]);
  t.is(findRule('sft/split', places), undefined);
});

test('only rules/GROUP/NAME.ts are rules', (t) => {
  const own = tempProject(t, {
    'rules/b/two.ts': '',
    'rules/b/two.test.ts': '',
    'rules/b/deep/three.ts': '',
    'rules/b/four.d.ts': '',
    'rules/a/one.ts': '',
    'rules/lib/chat.ts': '',
    'rules/top.ts': '',
    'rules/README.md': '',
  });
  const builtIn = tempProject(t, { 'rules/b/two.ts': '', 'rules/B/zero.ts': '' });
  const places = { root: own.root, packageRoot: builtIn.root };
  t.deepEqual(ruleNames(places), ['B/zero', 'a/one', 'b/two']);
  for (const name of ruleNames(places)) t.truthy(findRule(name, places), name);
  for (const name of ['lib/chat', 'top', 'b/deep/three', 'b/two.test', '../a/one', 'a/', '']) {
    t.false(isRuleName(name), name);
    t.is(findRule(name, places), undefined, name);
  }
});
