import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { CheckedParams, DescribedRule, RuleDescription, RuleHosts, RuleProblem } from './description.js';
import { RuleLoader } from './loader.js';
import { packageRoot } from './package-root.js';
import { tempProject, type TempProject } from './temp-project.js';

const DESCRIPTION: RuleDescription = {
  summary: 'Does it.',
  shape: 'whole',
  inputs: {},
  outputs: { out: { kind: 'file', list: false, optional: false } },
  params: { type: 'object' },
  assembles: false,
  asks: false,
};

/** A loader as a new invocation has it, whose hosts count what they are asked. */
function loaderOf({ root }: TempProject, hosts: Partial<RuleHosts> = {}) {
  const asked = { described: 0, checked: 0 };
  const loader = new RuleLoader({
    root,
    packageRoot: packageRoot(),
    layout: { rules: join(root, 'cache/rules') },
    hosts: {
      async describe(): Promise<DescribedRule> {
        asked.described++;
        return { ok: true, description: DESCRIPTION };
      },
      async check(_bundle, _source, params): Promise<CheckedParams> {
        asked.checked++;
        return { ok: true, params, concurrency: null, deterministic: true };
      },
      ...hosts,
    },
  });
  return { loader, asked };
}

const FILES = {
  'rules/my/rule.ts': `import { help } from './deep/help.js';
import { defineRule, file } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Does it.',
  params: z.strictObject({ n: z.int() }),
  outputs: { out: file() },
  run: help,
});
`,
  'rules/my/deep/help.ts': 'export const help = () => undefined;\n',
};

test('a rule is described once and remembered while nothing it came from changes', async (t) => {
  const project = tempProject(t, FILES);
  const first = loaderOf(project);
  const rule = await first.loader.find('my/rule');
  t.like(rule, { name: 'my/rule', path: join(project.root, 'rules/my/rule.ts'), summary: 'Does it.' });
  t.is(await first.loader.find('my/rule'), rule);
  t.is(first.asked.described, 1);

  const second = loaderOf(project);
  t.deepEqual(await second.loader.find('my/rule'), rule);
  t.is(second.asked.described, 0);
});

for (const [what, change, digest] of [
  ['a helper', { 'rules/my/deep/help.ts': 'export const help = () => { throw 1; };' }, 'another'],
  ['a comment of a helper', { 'rules/my/deep/help.ts': `${FILES['rules/my/deep/help.ts']}// !` }, 'the same'],
  ['a module that hides a helper', { 'rules/my/deep/help.js': 'export const help = 1;' }, 'another'],
] as const) {
  test(`${what} changed: the rule is loaded anew, its code is ${digest}`, async (t) => {
    const project = tempProject(t, FILES);
    const before = await loaderOf(project).loader.find('my/rule');
    project.write(change);
    const { loader, asked } = loaderOf(project);
    const after = await loader.find('my/rule');
    t.is(asked.described, 1);
    t.is(after?.code === before?.code, digest === 'the same');
    t.not(before, undefined);
  });
}

const manifest = (name: string, version: string, more = {}): string => JSON.stringify({ name, version, ...more });
const PACKAGED = {
  'rules/my/rule.ts': FILES['rules/my/rule.ts'].replace('./deep/help.js', 'help'),
  'node_modules/help/package.json': manifest('help', '1.0.0', { dependencies: { pad: '*', missing: '*' } }),
  'node_modules/pad/package.json': manifest('pad', '1.0.0'),
};

for (const [what, change] of [
  ['a package', { 'node_modules/help/package.json': manifest('help', '1.0.1') }],
  ['a package that a package needs', { 'node_modules/pad/package.json': manifest('pad', '2.0.0') }],
  ['a package nearer to the rule', { 'rules/node_modules/help/package.json': manifest('help', '2.0.0') }],
  [
    'a package nearer to the one that needs it',
    { 'node_modules/help/node_modules/pad/package.json': manifest('pad', '2.0.0') },
  ],
  ['a package that was missing', { 'node_modules/missing/package.json': manifest('missing', '1.0.0') }],
] as const) {
  test(`${what} has another version: nothing that came of the rule before is believed`, async (t) => {
    const project = tempProject(t, PACKAGED);
    const of = async () => {
      const { loader, asked } = loaderOf(project);
      const rule = await loader.find('my/rule');
      if (rule === undefined) throw new Error('there is no rule');
      await loader.check(rule, {});
      return { rule, asked };
    };
    const before = await of();
    t.deepEqual((await of()).asked, { described: 0, checked: 0 });
    project.write(change);
    const after = await of();
    t.deepEqual(after.asked, { described: 1, checked: 1 });
    t.not(after.rule.code, before.rule.code);
    t.not(after.rule.bundle, before.rule.bundle, 'a host that has loaded the one has not loaded the other');
  });
}

test('what is remembered is not believed when it is damaged or its bundle is gone', async (t) => {
  const project = tempProject(t, FILES);
  const rule = await loaderOf(project).loader.find('my/rule');
  writeFileSync(join(project.root, 'cache/rules/my+rule.json'), '{"format":1,');
  t.deepEqual(await loaderOf(project).loader.find('my/rule'), rule);
  project.write({ [`cache/rules/${rule?.bundle.split('/').at(-1) ?? ''}`]: undefined });
  t.deepEqual(await loaderOf(project).loader.find('my/rule'), rule);
  t.regex(readFileSync(rule?.bundle ?? '', 'utf8'), /defineRule/);
});

test('a project rule that appears in front of a built-in one is found', async (t) => {
  const project = tempProject(t);
  const name = 'zz/appears';
  t.is(await loaderOf(project).loader.find(name), undefined);
  project.write({
    [`rules/${name}.ts`]: FILES['rules/my/rule.ts'].replace(
      "import { help } from './deep/help.js';",
      'const help = () => undefined;',
    ),
  });
  t.is((await loaderOf(project).loader.find(name))?.path, join(project.root, `rules/${name}.ts`));
});

test('checks of params are remembered by bundle and params', async (t) => {
  const project = tempProject(t, FILES);
  const ask = async (loader: RuleLoader, params: Record<string, number>) => {
    const rule = await loader.find('my/rule');
    return rule && loader.check(rule, params);
  };
  const first = loaderOf(project);
  t.deepEqual(await ask(first.loader, { n: 1 }), {
    ok: true,
    params: { n: 1 },
    concurrency: null,
    deterministic: true,
  });
  await ask(first.loader, { n: 1 });
  t.is(first.asked.checked, 1);
  const second = loaderOf(project);
  t.deepEqual(await ask(second.loader, { n: 1 }), {
    ok: true,
    params: { n: 1 },
    concurrency: null,
    deterministic: true,
  });
  t.is(second.asked.checked, 0);
  await ask(second.loader, { n: 2 });
  t.is(second.asked.checked, 1);

  project.write({ 'rules/my/deep/help.ts': 'export const help = () => 3;' });
  const third = loaderOf(project);
  await ask(third.loader, { n: 1 });
  t.is(third.asked.checked, 1);
});

async function diagnosticFor(t: ExecutionContext, problem: RuleProblem) {
  const { loader } = loaderOf(tempProject(t, FILES), { describe: async () => ({ ok: false, problem }) });
  const error = await t.throwsAsync(loader.find('my/rule'), { instanceOf: UserFacingError });
  t.is(error.diagnostics.length, 1);
  return error.diagnostics[0];
}

test('what is wrong with a definition is located in it', async (t) => {
  t.like(await diagnosticFor(t, { type: 'not-a-rule', found: 'a function' }), {
    code: 'VB206',
    at: { line: 4, column: 1 },
  });
  t.like(await diagnosticFor(t, { type: 'params-not-strict', path: '' }), {
    code: 'VB208',
    at: { line: 6, column: 3, length: 6 },
  });
  t.like(await diagnosticFor(t, { type: 'malformed', what: 'outputs.out', message: 'is not' }), {
    code: 'VB207',
    at: { line: 7 },
  });
  t.like(await diagnosticFor(t, { type: 'no-default-export', exports: ['a'] }), { code: 'VB205' });
  const stack = 'Error: no\n    at help (rules/my/deep/help.ts:1:20)\n    at rules/my/rule.ts:4:1';
  t.like(await diagnosticFor(t, { type: 'threw', message: 'no', stack }), {
    code: 'VB210',
    at: { line: 1, column: 20, text: 'export const help = () => undefined;' },
  });
});

test('a rule that does not come to an end while it is loaded, or checks params, is named', async (t) => {
  const project = tempProject(t, FILES);
  const endless = () =>
    Promise.reject(Object.assign(new Error('timeout'), { failure: { type: 'timeout', seconds: 60 } }));
  const { loader } = loaderOf(project, { describe: endless });
  const loading = await t.throwsAsync(loader.find('my/rule'), { instanceOf: UserFacingError });
  t.like(loading.diagnostics[0], { code: 'VB213', headline: 'rule `my/rule` was not loaded within 60 s' });

  const other = loaderOf(project, { check: endless }).loader;
  const rule = await other.find('my/rule');
  if (rule === undefined) throw new Error('there is no rule');
  const checking = await t.throwsAsync(other.check(rule, {}), { instanceOf: UserFacingError });
  t.like(checking.diagnostics[0], { code: 'VB211' });
  t.regex(checking.message, /did not end within 60 s/);
});

test('a bundle that is not what its name says is made again, not run', async (t) => {
  const project = tempProject(t, FILES);
  const rule = await loaderOf(project).loader.find('my/rule');
  const bundle = rule?.bundle ?? '';
  const program = readFileSync(bundle, 'utf8');
  for (const torn of [program.slice(0, 100), '', `${program} `]) {
    writeFileSync(bundle, torn);
    const again = loaderOf(project);
    t.is((await again.loader.find('my/rule'))?.bundle, bundle);
    t.is(readFileSync(bundle, 'utf8'), program);
    t.is(again.asked.described, 1);
  }
});

test('what is remembered is believed only as it was written', async (t) => {
  const project = tempProject(t, FILES);
  const first = loaderOf(project).loader;
  const rule = await first.find('my/rule');
  if (rule === undefined) throw new Error('there is no rule');
  await first.check(rule, { n: 1 });
  // Of the digest of its code, and of the params, one digit each.
  const change = (path: string, from: string, to: string) => {
    const text = readFileSync(path, 'utf8');
    t.true(text.includes(from));
    writeFileSync(path, text.replace(from, to));
  };
  const { code } = rule;
  change(join(project.root, 'cache/rules/my+rule.json'), code, `${code.slice(0, -1)}${code.endsWith('0') ? 1 : 0}`);
  change(`${rule.bundle}.checked`, '"params":{"n":1}', '"params":{"n":3}');
  const { loader, asked } = loaderOf(project);
  const again = await loader.find('my/rule');
  t.is(again?.code, code);
  t.like(await loader.check(rule, { n: 1 }), { params: { n: 1 } });
  t.deepEqual(asked, { described: 1, checked: 1 });
});
