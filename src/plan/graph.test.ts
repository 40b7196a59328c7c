import { chmodSync, linkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { loadProject, makeProject } from '../config/testing.js';
import { buildGraph, neededBy, resolveInput, resolveWords, type Graph, type ResolvedInput } from './graph.js';

async function graphOf(
  t: ExecutionContext,
  yaml: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Graph> {
  const root = makeProject(t, { 'src/a.jsonl': '', ...files, 'pipeline.yaml': `version: 1\ntargets:\n${yaml}` });
  const { pipeline, problems } = await loadProject(root);
  const built = buildGraph(pipeline);
  t.deepEqual(
    [...problems, ...built.problems, ...[...built.graph.absent.values()].flat()].map(({ headline }) => headline),
    [],
  );
  return built.graph;
}

function needs(graph: Graph, name: string): readonly string[] {
  return graph.dependencies.get(name) ?? [];
}

function input(graph: Graph, target: string, role: string): ResolvedInput {
  const use = graph.pipeline.targets.get(target)?.inputs[role];
  if (use === undefined) throw new Error(`no input ${role} of ${target}`);
  return resolveInput(graph, use);
}

const MAKERS = `
  file: { run: "date > {output}", outputs: out/file.txt }
  deep: { run: "date > {output}", outputs: out/deep/er/file.txt }
  frames: { rule: crafter/frames, outputs: { frames: out/frames/ } }
`;

test('edges: an equal path, inside a directory output, a folder around outputs', async (t) => {
  const graph = await graphOf(
    t,
    `${MAKERS}
  equal: { run: "wc {input} > {output}", inputs: ./out//file.txt, outputs: equal }
  inside: { run: "wc {input} > {output}", inputs: out/frames/a/b.png, outputs: inside }
  around: { rule: text/pack, inputs: out, outputs: around }
  near: { rule: text/pack, inputs: out/deep/, outputs: near }
`,
  );
  t.deepEqual(needs(graph, 'equal'), ['file']);
  t.deepEqual(needs(graph, 'inside'), ['frames']);
  t.deepEqual(needs(graph, 'around'), ['file', 'deep', 'frames']);
  t.deepEqual(needs(graph, 'near'), ['deep']);
});

test('edges: a glob that can match an output, built or not', async (t) => {
  const cases: Record<string, string[]> = {
    'out/*.txt': ['file'],
    'out/**/*.txt': ['file', 'deep', 'frames'],
    '**/file.txt': ['file', 'deep', 'frames'],
    'out/frames/*.png': ['frames'],
    'out/fr*/x/*.png': ['frames'],
    'out/{file,none}.txt': ['file'],
    '{out/deep,src}/*/*.txt': ['deep'],
    'out/*/': ['deep', 'frames'],
    'out/[a-f]*.txt': ['file'],
    'src/*.jsonl': [],
  };
  const globs = Object.keys(cases);
  const graph = await graphOf(
    t,
    MAKERS +
      globs
        .map((glob, i) => `  g${i}: { rule: text/join, inputs: { files: "${glob}" }, outputs: g${i}.out }\n`)
        .join(''),
  );
  t.deepEqual(Object.fromEntries(globs.map((glob, i) => [glob, needs(graph, `g${i}`)])), cases);
});

test('edges: through a folder that is a link', async (t) => {
  const graph = await graphOf(
    t,
    `
  a: { run: "date > {output}", outputs: link/a.txt }
  b: { run: "wc {input} > {output}", inputs: real/a.txt, outputs: b.txt }
`,
    { 'real/x': '', link: '→ real' },
  );
  t.deepEqual(needs(graph, 'b'), ['a']);
});

test('a target reads its own output through a link, whichever of the two is one; another name of the file is another file', async (t) => {
  const root = makeProject(t, {
    'a/r.txt': '',
    'l.txt': '→ a/r.txt',
    's.txt': '',
    'm.txt': '→ s.txt',
    'pipeline.yaml': `version: 1
targets:
  a: { run: "wc {input} > {output}", inputs: ./l.txt, outputs: a/r.txt }
  b: { run: "wc {input} > {output}", inputs: s.txt, outputs: m.txt }
  c: { run: "wc {input} > {output}", inputs: s.txt, outputs: other.txt }
`,
  });
  linkSync(join(root, 's.txt'), join(root, 'other.txt'));
  const { pipeline } = await loadProject(root);
  t.deepEqual(
    buildGraph(pipeline).problems.map(({ code, headline }) => `${code} ${headline}`),
    [
      'VB180 `a` reads its own output: `a/r.txt` and `l.txt` lead to one place',
      'VB180 `b` reads its own output: `m.txt` and `s.txt` lead to one place',
    ],
  );
});

test('the order has what is needed first, ties as in the file; after counts where both are wanted', async (t) => {
  const graph = await graphOf(
    t,
    `
  z: { run: "wc {input} > {output}", inputs: m, outputs: z.txt }
  y: { run: "date > {output}", outputs: y.txt, after: x }
  x: { run: "date > {output}", outputs: x.txt }
  m: { run: "date > {output}", outputs: m.txt }
`,
  );
  t.deepEqual(graph.order, ['x', 'y', 'm', 'z']);
  t.deepEqual(graph.orderOnly.get('y'), ['x']);
  t.deepEqual(neededBy(graph, ['y']), ['y']);
  t.deepEqual(neededBy(graph, ['z', 'y', 'x']), ['x', 'y', 'm', 'z']);
});

test('a glob is expanded when it is asked for, in byte order, with names and exec bits', async (t) => {
  const graph = await graphOf(
    t,
    '  a: { rule: text/join, inputs: { files: ["data/**/*.txt", src/a.jsonl] }, outputs: o }\n',
    {
      'data/b.txt': '',
      'data/c.txt/x': '',
      'data/é/c.txt': '',
    },
  );
  const { root } = graph.pipeline;
  writeFileSync(join(root, 'data/a.txt'), '');
  chmodSync(join(root, 'data/a.txt'), 0o755);
  t.deepEqual(input(graph, 'a', 'files').items, [
    { path: 'data/a.txt', name: 'a.txt', executable: true },
    { path: 'data/b.txt', name: 'b.txt', executable: false },
    { path: 'data/é/c.txt', name: 'é/c.txt', executable: false },
    { path: 'src/a.jsonl' },
  ]);
});

test('an item knows the output that it is', async (t) => {
  const graph = await graphOf(
    t,
    `
  split: { rule: sft/split, inputs: src/a.jsonl, outputs: { train: out/train.jsonl, validation: out/val.jsonl } }
  a: { rule: text/join, inputs: { files: [split.validation, out/train.jsonl] }, outputs: o }
`,
  );
  t.deepEqual(input(graph, 'a', 'files').items, [
    { path: 'out/val.jsonl', from: { target: 'split', output: 'validation' } },
    { path: 'out/train.jsonl', from: { target: 'split', output: 'train' } },
  ]);
});

test('an optional input that is not there counts as not given', async (t) => {
  const graph = await graphOf(
    t,
    '  a: { rule: text/pack, inputs: { folder: src, note: note.txt }, outputs: o }\n' +
      '  b: { rule: text/join, inputs: { files: src/a.jsonl, extra: "none/*.txt" }, outputs: p }\n',
  );
  t.deepEqual(input(graph, 'a', 'note').items, []);
  t.deepEqual(input(graph, 'b', 'extra').items, []);
  writeFileSync(join(graph.pipeline.root, 'note.txt'), '');
  t.deepEqual(input(graph, 'a', 'note').items, [{ path: 'note.txt' }]);
});

test('a database may be the folder that a libSQL server keeps it in', async (t) => {
  const graph = await graphOf(t, '  rows: { rule: sft/export, inputs: { db: served }, outputs: rows.jsonl }', {
    'served/dbs/default/data': '',
  });
  t.deepEqual(input(graph, 'rows', 'db').items, [{ path: 'served' }]);
});

test('words of the command line', async (t) => {
  const graph = await graphOf(
    t,
    `
  play:
    matrix: { mode: [text, image] }
    rule: crafter/rollouts
    outputs: out/\${matrix.mode}.db
  split: { rule: sft/split, inputs: src/a.jsonl, outputs: { train: out/train.jsonl, validation: out/val.jsonl } }
`,
  );
  t.deepEqual(resolveWords(graph, ['split', 'split.train', 'out/val.jsonl']), ['split']);
  t.deepEqual(resolveWords(graph, ['play']), ['play@mode=text', 'play@mode=image']);
  t.deepEqual(resolveWords(graph, ['play@mode=image', './out/text.db']), ['play@mode=image', 'play@mode=text']);
  const error = t.throws(() => resolveWords(graph, ['splitt', 'play@mode=txt', 'split.tran', 'src/a.jsonl']), {
    instanceOf: UserFacingError,
  });
  t.deepEqual(
    error.diagnostics.map(({ headline, next }) => [headline, next]),
    [
      ['there is no target `splitt`', 'did you mean `split`?'],
      ['`play` is not made for `mode=txt`', 'did you mean `play@mode=text`?'],
      ['target `split` has no output `tran`', 'did you mean `split.train`? the path is `./split.tran`'],
      ['there is no target `src/a.jsonl`', undefined],
    ],
  );
});

test('ten thousand targets in a chain need no deep stack', async (t) => {
  const lines = Array.from(
    { length: 10_000 },
    (_, i) =>
      `  t${i}: { run: "cp {input} {output}", inputs: ${i === 0 ? 'src/a.jsonl' : `t${i - 1}`}, outputs: o/t${i} }\n`,
  );
  const graph = await graphOf(t, lines.join(''));
  t.is(neededBy(graph, ['t9999']).length, 10_000);
});
