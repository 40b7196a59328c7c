import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { findStrace } from '../src/host/strace.js';
import { Project, type Result } from './rig.js';

const strace = findStrace(process.env);
/** Where nothing can be observed, the title says why. */
const observing = (title: string, body: (t: ExecutionContext) => Promise<void>): void => {
  if (strace.type === 'usable') test(title, body);
  else test.skip(`${title}: ${strace.why}`, body);
};

const told = ({ stdout }: Result, type: 'undeclared' | 'hint'): string[] =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { type: string; access: string; path: string })
    .filter((event) => event.type === type)
    .map(({ access, path }) => `${access} ${path}`);

const FILES = {
  'pipeline.yaml': `version: 1
targets:
  base: { run: 'cat {input} > {output}', inputs: data/rows.txt, outputs: out/base.txt }
  sly:
    run: |
      cat {inputs.base} extra/helper.txt ../shared/words.txt > {outputs.made}
      cp {inputs.base} $TMPDIR/vlmbuild-observed && cat $TMPDIR/vlmbuild-observed && rm $TMPDIR/vlmbuild-observed
      (cd extra && ls > ../list.log && mv list.txt moved.txt)
      [ -f extra/option.txt ] || cat allowed.txt >> {outputs.made}
    inputs: { base: base }
    outputs: { made: out/made.txt }
    allow: [allowed.txt, extra/helper.txt, ../shared/words.txt]
  rule: { rule: my/reads, inputs: data/rows.txt, outputs: out/rule.txt }
  tidy: { rule: my/tidy, inputs: data/, outputs: out/tidy.txt }
  fails: { run: 'cat data/absent.txt > {output}', outputs: out/fails.txt }
`,
  'data/rows.txt': 'rows',
  'data/absent-not.txt': '',
  'extra/helper.txt': 'helper',
  'extra/list.txt': 'list',
  'allowed.txt': 'allowed',
  'rules/my/reads.ts': `import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { defineRule, file } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Reads behind the back.',
  params: z.strictObject({}),
  inputs: { a: file() },
  outputs: { b: file() },
  async run({ inputs, outputs }) {
    const text = await inputs.a.text() + readFileSync('extra/helper.txt', 'utf8');
    await outputs.b.write(text + execFileSync('cat', ['allowed.txt'], { encoding: 'utf8' }));
  },
});
`,
  'rules/my/tidy.ts': `import { defineRule, directory, file } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Reads what it is given.',
  params: z.strictObject({}),
  inputs: { a: directory() },
  outputs: { b: file() },
  async *parts({ inputs }) {
    for await (const entry of inputs.a.entries()) yield { id: entry.name, spec: entry.name, inputs: { entry } };
  },
  async make({ inputs, outputs }) {
    await outputs.b.write(await inputs.entry.text());
  },
  async assemble({ parts, outputs }) {
    let text = '';
    for (const part of parts) text += await part.outputs.b.text();
    await outputs.b.write(text);
  },
});
`,
};

observing('verify --inputs tells what commands and rules use and do not declare', async (t) => {
  const project = new Project(t, FILES);
  mkdirSync(join(dirname(project.root), 'shared'));
  writeFileSync(join(dirname(project.root), 'shared/words.txt'), 'words');
  // The command changes its surroundings, so it is observed before it was ever built.
  await project.builds(t, 'base');
  const before = project.tree();

  const sly = await project.run('verify', '--inputs', '--json', 'sly');
  t.is(sly.code, 3, sly.stdout + sly.stderr);
  t.deepEqual(told(sly, 'undeclared'), [
    'listed extra',
    'written extra/list.txt',
    'written extra/moved.txt',
    'written list.log',
  ]);
  t.deepEqual(told(sly, 'hint'), ['missing extra/option.txt']);
  t.deepEqual(project.tree(), before);

  project.write(
    'pipeline.yaml',
    FILES['pipeline.yaml']
      .replace(/ +allow: .*\n/, '')
      .replace('cat {inputs.base} extra/helper.txt', 'X=extra; cat {inputs.base} $X/helper.txt')
      .replace('../shared/words.txt', '../$(echo shared)/words.txt')
      .replace('allowed.txt >>', '$(echo allowed).txt >>'),
  );
  const more = await project.run('verify', '--inputs', 'sly');
  t.is(more.code, 3, more.stdout + more.stderr);
  for (const path of ['extra/helper.txt', '../shared/words.txt', 'allowed.txt'])
    t.regex(more.stdout, new RegExp(`reads +${path.replaceAll('.', '\\.')} +\\(cat\\)\n`));
  t.regex(more.stdout, /put it right: `inputs: \{ words: \.\.\/shared\/words\.txt \}`/);

  const rule = await project.run('verify', '--inputs', '--json', 'rule');
  t.is(rule.code, 3, rule.stdout + rule.stderr);
  t.deepEqual(told(rule, 'undeclared'), ['read allowed.txt', 'read extra/helper.txt']);

  const tidy = await project.run('verify', '--inputs', 'tidy', 'base');
  t.is(tidy.code, 0, tidy.stdout + tidy.stderr);
  t.regex(tidy.stdout, /^tidy: every file that it uses is declared$/m);
  t.regex(tidy.stdout, /^base: every file that it uses is declared$/m);
});

observing('verify --inputs of a target that fails tells what it missed, and ends with 1', async (t) => {
  const project = new Project(t, FILES);
  const { code, stdout } = await project.run('verify', '--inputs', 'fails');
  t.is(code, 1);
  t.regex(stdout, /misses +data\/absent\.txt/);
});

test('verify --inputs says where it cannot observe', async (t) => {
  const project = new Project(t, FILES);
  const none = await project.run('verify', '--inputs');
  t.is(none.code, 2);
  t.regex(none.stderr, /^VB446: /);
  t.is((await project.run('verify', '--inputs', '--rebuild', 'base')).code, 2);
  project.environment['PATH'] = project.root;
  const absent = await project.run('verify', '--inputs', 'base');
  t.is(absent.code, 2);
  t.regex(absent.stderr, /^VB447: nothing can be observed here: (`strace` is not installed|it needs strace)/);
  if (process.platform !== 'linux') return;
  project.write(
    'strace',
    '#!/bin/sh\necho "strace: ptrace(PTRACE_TRACEME, ...): Operation not permitted" >&2\nexit 1\n',
  );
  chmodSync(project.path('strace'), 0o755);
  const forbidden = await project.run('verify', '--inputs', 'base');
  t.is(forbidden.code, 2);
  t.regex(forbidden.stderr, /may not observe here \(strace: ptrace.*Operation not permitted\)/);
});
