import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { Pipeline, Target } from './pipeline.js';
import { fakeRules, loadProject, makeProject, type LoadSettings } from './testing.js';

async function load(
  t: ExecutionContext,
  yaml: string,
  files: Readonly<Record<string, string>> = {},
  settings: LoadSettings = {},
): Promise<Pipeline> {
  const root = makeProject(t, {
    'src/a.jsonl': '',
    'src/b.jsonl': '',
    'pipeline.yaml': `version: 1\n${yaml}`,
    ...files,
  });
  const { pipeline, problems } = await loadProject(root, settings);
  t.deepEqual(
    problems.map((problem: Diagnostic) => `${problem.at?.line ?? ''}: ${problem.headline}`),
    [],
  );
  return pipeline;
}

function target(pipeline: Pipeline, name: string): Target {
  const found = pipeline.targets.get(name);
  if (found === undefined) throw new Error(`no target ${name}`);
  return found;
}

/** References without their places. */
function references({ inputs }: Target): Record<string, unknown[]> {
  return Object.fromEntries(
    Object.entries(inputs).map(([role, use]) => [
      role,
      use.references.map((reference) =>
        reference.type === 'output'
          ? `${reference.target}.${reference.output}`
          : { [reference.type]: reference.type === 'path' ? reference.path : reference.pattern },
      ),
    ]),
  );
}

test('values: vars of vars, whole values keep their type, lists are flattened, texts are joined', async (t) => {
  const pipeline = await load(
    t,
    `
vars:
  out: out
  deep: \${vars.out}/deep
  limit: 3
  tags: [b, c]
  policy: { kind: expert }
targets:
  a:
    rule: sft/filter
    inputs: src/a.jsonl
    params: { limit: "\${vars.limit}", tags: [a, "\${vars.tags}"], text: "\${vars.limit} of $$5 \${env.WHO:-nobody}$" }
    outputs: \${vars.deep}/\${params.limit}-\${params.include_assistant}.jsonl
  b:
    rule: crafter/rollouts
    params: { policy: "\${vars.policy}", seeds: "\${vars.policy.kind}", steps: "\${env.STEPS:-7}", mode: "\${env.MODE:-\${vars.out}}" }
    outputs: out/b.db
`,
    {},
    { environment: { STEPS: '9' } },
  );
  const a = target(pipeline, 'a');
  t.deepEqual(a.params, { include_assistant: false, limit: 3, tags: ['a', 'b', 'c'], text: '3 of $5 nobody$' });
  t.is(a.outputs['rows']?.path, 'out/deep/3-false.jsonl');
  t.deepEqual(target(pipeline, 'b').params, { policy: { kind: 'expert' }, seeds: 'expert', steps: 9, mode: 'out' });
  t.deepEqual(pipeline.environmentRead, { WHO: null, STEPS: '9', MODE: null });
});

test('--set replaces vars, read as YAML; the environment is completed by .env', async (t) => {
  const yaml = `
vars: { limit: 1, text: x, tags: "\${env.TAGS}" }
targets:
  a:
    rule: sft/filter
    inputs: src/a.jsonl
    params: { limit: "\${vars.limit}", text: "\${vars.text}", tags: ["\${vars.tags}"] }
    outputs: a/out.jsonl
`;
  const pipeline = await load(
    t,
    yaml,
    { '.env': 'TAGS=from-file\nOTHER=1\n' },
    { set: ['vars.limit=2', 'vars.text="0..9"', 'vars.limit=3'] },
  );
  t.like(target(pipeline, 'a').params, { limit: 3, text: '0..9', tags: ['from-file'] });
  t.true(pipeline.overridden);
  const real = await load(t, yaml, { '.env': 'TAGS=from-file\n' }, { environment: { TAGS: 'real' } });
  t.like(target(real, 'a').params, { tags: ['real'] });
  t.false(real.overridden);
});

test('references: a target before a glob before a path', async (t) => {
  const pipeline = await load(
    t,
    `
targets:
  data:
    rule: sft/filter
    inputs: ./data
    outputs: { rows: out/rows.jsonl, rejects: out/rejects.jsonl }
  one:
    rule: sft/filter
    inputs: { rows: data.rejects }
    outputs: out/one.jsonl
  two:
    rule: text/join
    inputs: { files: [one, data.rows, "src/*.txt", ./a.jsonl, src//x/../b.txt, /etc/hosts] }
    outputs: out/two.txt
`,
  );
  t.deepEqual(references(target(pipeline, 'data')), { rows: [{ path: 'data' }] });
  t.deepEqual(references(target(pipeline, 'one')), { rows: ['data.rejects'] });
  t.deepEqual(references(target(pipeline, 'two')), {
    files: [
      'one.rows',
      'data.rows',
      { glob: 'src/*.txt' },
      { path: 'a.jsonl' },
      { path: 'src/b.txt' },
      { path: '/etc/hosts' },
    ],
  });
  t.deepEqual(pipeline.defaults, ['data', 'one', 'two']);
});

test('a path inside the root is the same absolute or relative', async (t) => {
  const root = makeProject(t, { 'src/a.jsonl': '' });
  const targets = `{ a: { rule: sft/filter, inputs: ${root}/src/a.jsonl, outputs: out.jsonl } }`;
  writeFileSync(join(root, 'pipeline.yaml'), `version: 1\ntargets: ${targets}\n`);
  const { pipeline } = await loadProject(root);
  t.deepEqual(references(target(pipeline, 'a')), { rows: [{ path: 'src/a.jsonl' }] });
});

test('a matrix makes instances; the bare name is the list of all, fewer keys the list of those', async (t) => {
  const pipeline = await load(
    t,
    `
default: [play@seed=2, all]
targets:
  play:
    matrix: { mode: [text, image], seed: [1, 2] }
    rule: crafter/rollouts
    params: { seeds: "\${matrix.seed}", mode: "\${matrix.mode}" }
    outputs: out/\${matrix.mode}-\${params.seeds}.db
  rows:
    matrix: { mode: [text, image] }
    rule: sft/export
    inputs: play@seed=1@mode=\${matrix.mode}
    outputs: out/\${matrix.mode}.jsonl
  all:
    rule: text/join
    inputs: { files: rows, extra: play@mode=text }
    outputs: out/all.txt
`,
  );
  t.deepEqual(
    [...pipeline.targets.keys()],
    ['play@mode=text@seed=1', 'play@mode=text@seed=2', 'play@mode=image@seed=1', 'play@mode=image@seed=2'].concat([
      'rows@mode=text',
      'rows@mode=image',
      'all',
    ]),
  );
  t.deepEqual(target(pipeline, 'play@mode=image@seed=2').params, { seeds: 2, mode: 'image', steps: 50 });
  t.deepEqual(target(pipeline, 'play@mode=image@seed=2').matrix, { mode: 'image', seed: '2' });
  t.deepEqual(references(target(pipeline, 'rows@mode=image')), { db: ['play@mode=image@seed=1.db'] });
  t.deepEqual(references(target(pipeline, 'all')), {
    files: ['rows@mode=text.rows', 'rows@mode=image.rows'],
    extra: ['play@mode=text@seed=1.db', 'play@mode=text@seed=2.db'],
  });
  t.deepEqual(pipeline.matrices.get('rows'), ['rows@mode=text', 'rows@mode=image']);
  t.deepEqual(pipeline.defaults, ['play@mode=text@seed=2', 'play@mode=image@seed=2', 'all']);
});

test('commands: values are filled in and quoted, inputs and outputs stay, kinds come from names', async (t) => {
  const pipeline = await load(
    t,
    `
vars: { words: [a b, c], note: "it's {inputs.rows}" }
targets:
  card:
    run: |
      python3 {inputs.script} --n={params.n} {vars.words} "{vars.note}" {inputs.rows} > {outputs.card}
      awk '{print $1}' \${HOME}/x {other}
    inputs: { script: scripts/card.py, rows: [src/a.jsonl, src/b.jsonl], folder: data, base: x.sqlite }
    params: { n: 3 }
    outputs: { card: out/card.md, frames: out/frames/ }
    tools: [python3]
    env: [HOME]
  next:
    run: sort {input} > {output}
    inputs: card.card
    outputs: out/next.jsonl
`,
    { 'scripts/card.py': '', 'data/x.txt': '' },
  );
  const { work, inputs, outputs, env } = target(pipeline, 'card');
  t.deepEqual(work, {
    type: 'command',
    text:
      `python3 {inputs.script} --n=3 'a b' c "it's {""inputs.rows}" {inputs.rows} > {outputs.card}\n` +
      "awk '{print $1}' ${HOME}/x {other}\n",
    tools: ['python3'],
    allow: [],
  });
  t.deepEqual(
    Object.values(inputs).map(({ role, kind, list }) => `${role} ${kind} ${list}`),
    ['script file false', 'rows jsonl true', 'folder directory false', 'base sqlite false'],
  );
  t.deepEqual(
    Object.values(outputs).map(({ name, kind, path }) => `${name} ${kind} ${path}`),
    ['card file out/card.md', 'frames directory out/frames'],
  );
  t.deepEqual(env, ['HOME']);
  t.like(target(pipeline, 'next').work, { text: 'sort {inputs.input} > {outputs.output}' });
});

test('a word that is a file is fine as an input, in an input folder, or when allowed', async (t) => {
  await load(
    t,
    `
targets:
  a:
    run: ./run.sh --config=conf/a.toml lib/x.py {inputs.rows} {outputs.text}
    inputs: { rows: src/a.jsonl, lib: lib, scripts: "*.sh" }
    outputs: { text: o.txt }
    allow: [conf]
`,
    { 'run.sh': '', 'conf/a.toml': '', 'lib/x.py': '' },
  );
});

test('a param may name an input, a path or a target, which then has to be there', async (t) => {
  const pipeline = await load(
    t,
    `
vars: { art: ./src }
targets:
  art: { rule: crafter/frames, outputs: { frames: out/art/ } }
  a: { rule: crafter/frames, params: { textures: "\${vars.art}" }, outputs: { frames: out/a/ } }
  b: { rule: crafter/frames, params: { textures: art }, outputs: { frames: out/b/ } }
`,
  );
  t.deepEqual(target(pipeline, 'art').inputs, {});
  const { textures } = target(pipeline, 'a').inputs;
  t.like(textures, { role: 'textures', kind: 'directory', list: false, references: [{ type: 'path', path: 'src' }] });
  t.is(textures?.optional, undefined);
  t.is(textures?.at.line, 6);
  t.like(target(pipeline, 'b').inputs['textures'], {
    references: [{ type: 'output', target: 'art', output: 'frames' }],
  });
});

test('optional keys', async (t) => {
  const pipeline = await load(
    t,
    `
pools: { api: 4 }
targets:
  first:
    rule: sft/filter
    inputs: src/a.jsonl
    outputs: out/first.jsonl
  a:
    description: Something
    rule: sft/filter
    inputs: { rows: src/a.jsonl }
    outputs: { rows: out/a.jsonl }
    env: [B, A]
    secrets: [KEY]
    timeout: 10m
    retries: 2
    allow_failures: 5%
    resources: { cpus: 2, api: 1 }
    after: first
    store: false
    params:
`,
  );
  t.like(target(pipeline, 'a'), {
    description: 'Something',
    env: ['A', 'B'],
    secrets: ['KEY'],
    timeoutMs: 600_000,
    retries: 2,
    allowFailures: { type: 'percent', percent: 5 },
    resources: { cpus: 2, gpus: 0, pools: { api: 1 } },
    after: ['first'],
    store: false,
  });
  t.like(target(pipeline, 'first'), {
    retries: 0,
    allowFailures: { type: 'count', parts: 0 },
    resources: { cpus: 1, gpus: 0, pools: {} },
    store: true,
  });
  t.deepEqual(pipeline.pools, { api: 4 });
});

test('anchors and aliases are YAML, and work', async (t) => {
  const pipeline = await load(
    t,
    `
targets:
  a: { rule: sft/filter, inputs: &in { rows: src/a.jsonl }, params: &p { limit: 2 }, outputs: out/a.jsonl }
  b: { rule: sft/filter, inputs: *in, params: *p, outputs: out/b.jsonl }
`,
  );
  t.like(target(pipeline, 'b').params, { limit: 2 });
});

test('an output through a link that stays in the project is fine', async (t) => {
  const pipeline = await load(t, 'targets: { a: { rule: sft/filter, inputs: src/a.jsonl, outputs: link/a.jsonl } }', {
    'real/x': '',
    link: '→ real',
  });
  t.is(target(pipeline, 'a').outputs['rows']?.path, 'link/a.jsonl');
});

test('a file that is not there, or is a folder', async (t) => {
  const root = makeProject(t, {});
  await t.throwsAsync(loadProject(root), { instanceOf: UserFacingError, message: /does not exist/ });
});

test('a file that is no UTF-8', async (t) => {
  const root = makeProject(t, {});
  writeFileSync(
    join(root, 'pipeline.yaml'),
    Buffer.from('version: 1\nvars: { a: "caf\xe9" }\ntargets: {}\n', 'latin1'),
  );
  const { diagnostics } = await t.throwsAsync(loadProject(root), { instanceOf: UserFacingError });
  t.like(diagnostics[0], { code: 'VB117', at: { line: 2, column: 16 } });
});

test('mistakes of a rule are told once, with the place that uses it', async (t) => {
  const root = makeProject(t, {
    'a.jsonl': '',
    'pipeline.yaml': `version: 1
targets:
  a: { rule: my/rule, inputs: src/a.jsonl, outputs: out/a.jsonl }
  b: { rule: my/rule, inputs: src/a.jsonl, outputs: out/b.jsonl }
  c: { rule: sft/filter, inputs: a, outputs: out/c.jsonl }
`,
  });
  const rules = fakeRules(root);
  const at = { path: 'rules/my/rule.ts', line: 3, column: 1 };
  const { pipeline, problems } = await loadProject(root, {
    rules: {
      ...rules,
      find: async (name) => {
        if (name === 'my/rule') throw new UserFacingError({ code: 'VB201', headline: 'it does not bundle', at });
        return rules.find(name);
      },
    },
  });
  t.deepEqual(
    problems.map(({ headline, also }) => [headline, also?.map((place) => place.at.line)]),
    [['it does not bundle', [3]]],
  );
  t.deepEqual([...pipeline.targets.keys()], []);
});
