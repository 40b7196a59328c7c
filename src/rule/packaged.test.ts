import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'ava';
import type { JsonObject } from '../base/json.js';
import { bundleRule } from './bundle.js';
import type { CheckedParams } from './description.js';
import { findRule, ruleNames } from './find.js';
import { checkedBy, RuleLoader } from './loader.js';
import { packageRoot } from './package-root.js';
import { packagedFrom, packagedPath, PackagedRules } from './packaged.js';
import { tempProject } from './temp-project.js';

const RULE = `import { help } from './deep/help.js';
import { defineRule, file } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({ summary: 'Does it.', params: z.strictObject({}), outputs: { out: file() }, run: help });
`;

/** A package with one rule, packaged, and a project whose loader counts whom it asks. */
async function packaged(t: { teardown(done: () => void): void }, by?: string) {
  const home = tempProject(t, {
    'package.json': '{"name":"vlmbuild","version":"1.0.0"}',
    'rules/my/rule.ts': RULE,
    'rules/my/deep/help.ts': 'export const help = () => undefined;\n',
  });
  const project = tempProject(t);
  let described = 0;
  let checked = 0;
  const answer = { ok: true, params: { steps: 3 }, concurrency: null, deterministic: true } as const;
  const loader = (rules: string) =>
    new RuleLoader({
      root: project.root,
      packageRoot: home.root,
      layout: { rules: join(project.root, rules) },
      hosts: {
        async describe() {
          described++;
          const out = { kind: 'file', list: false, optional: false } as const;
          const roles = { inputs: {}, outputs: { out } };
          const params = { type: 'object' };
          const rest = { assembles: false, asks: false };
          return { ok: true, description: { summary: 'Does it.', shape: 'whole', ...roles, params, ...rest } };
        },
        async check() {
          checked++;
          return answer;
        },
      },
    });
  const load = (rules: string) => loader(rules).find('my/rule');
  const bundled = await load('cache/first');
  if (bundled === undefined) throw new Error('there is a rule');
  const made = packagedFrom(bundled, home.root, {
    by: by ?? checkedBy(home.root),
    maker: 'sha256:0',
    withoutParams: answer,
  });
  const path = packagedPath(home.root, 'my/rule');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(made));
  return {
    home,
    project,
    bundled,
    /** How often a host was asked since: whether what was packaged was not believed. */
    again: async () => {
      const before = described;
      const rule = await load(`cache/rules-${before}`);
      return { rule, isBundledAnew: described > before };
    },
    /** How often hosts are asked what params are, by loaders one after the other, and what the last one is told. */
    check: async (...params: JsonObject[]) => {
      const before = checked;
      let told: CheckedParams | undefined;
      for (const each of params) {
        const one = loader('cache/checks');
        const rule = await one.find('my/rule');
        told = rule && (await one.check(rule, each));
      }
      return { asked: checked - before, told };
    },
    answer,
  };
}

test('what was packaged of a rule is what bundling it gives', async (t) => {
  const { bundled, again } = await packaged(t);
  const { rule, isBundledAnew } = await again();
  t.false(isBundledAnew);
  const plain = ({ bundle, closure, shadows, ...others }: NonNullable<typeof rule>) => ({
    ...others,
    bundle: relative(dirname(bundle), bundle),
    closure: [...closure].sort(),
    shadows: [...shadows].sort(),
  });
  t.deepEqual(rule && plain(rule), plain(bundled));
});

test('what a packaged rule says without params no host is asked', async (t) => {
  const { home, check, answer } = await packaged(t);
  t.deepEqual(await check({}, {}), { asked: 0, told: answer });
  t.is((await check({ steps: 4 })).asked, 1);
  home.write({ 'rules/my/rule.ts': `${RULE}export const more = 1;` });
  t.is((await check({}, {})).asked, 1);
});

for (const [what, change] of [
  ['the rule', { 'rules/my/rule.ts': `${RULE}// edited` }],
  ['a helper', { 'rules/my/deep/help.ts': 'export const help = () => { throw 1; };' }],
  ['a module that hides a helper', { 'rules/my/deep/help.js': 'export const help = 1;' }],
  ['the manifest that says how modules are read', { 'package.json': '{"name":"vlmbuild","type":"module"}' }],
  ['the file itself is torn', { 'dist/rules/my+rule.json': '{"by":"' }],
] as const) {
  test(`a packaged rule is bundled anew where it was edited: ${what}`, async (t) => {
    const { home, again } = await packaged(t);
    home.write(change);
    t.true((await again()).isBundledAnew);
  });
}

test('what another version packaged is bundled anew', async (t) => {
  const { again } = await packaged(t, 'vlmbuild 0.0.0, zod 4.0.0');
  t.true((await again()).isBundledAnew);
});

test('a rule of the project comes before a packaged one', async (t) => {
  const { project, again } = await packaged(t);
  const path = 'rules/my/rule.ts';
  project.write({ [path]: RULE, 'rules/my/deep/help.ts': 'export const help = () => 1;' });
  const { rule, isBundledAnew } = await again();
  t.true(isBundledAnew);
  t.is(rule?.path, join(project.root, path));
});

test('a rule that takes packages along is not packaged: which they are shows where it is installed', (t) => {
  const root = packageRoot();
  const packages = new PackagedRules(root, checkedBy(root));
  const found = findRule('job/submit', { root, packageRoot: root });
  t.is(found && packages.current(found)?.bundle, null);
  t.is(found && packages.get(found), undefined);
});

test('built-in rules are packaged as they are bundled here', async (t) => {
  const root = packageRoot();
  const packages = new PackagedRules(root, checkedBy(root));
  let count = 0;
  for (const name of ruleNames({ root, packageRoot: root })) {
    const found = findRule(name, { root, packageRoot: root });
    const made = found && packages.get(found);
    if (found === undefined || made === undefined) continue;
    const { code, modules, program } = await bundleRule(found);
    t.deepEqual({ code: made.code, modules: made.modules, program: made.program }, { code, modules, program }, name);
    count++;
  }
  t.true(count > 0);
});
