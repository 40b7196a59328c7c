import test from 'ava';
import fc from 'fast-check';
import { readPlainYaml } from './plain-yaml.js';
import { Problems } from './problems.js';
import { locate, Source, type Node } from './source.js';
import { readAnyYaml } from './yaml-reader.js';

/** All that anybody asks of a node. Where a list or map ends shows in its place alone. */
function told(node: Node): unknown {
  const at = locate(node);
  switch (node.type) {
    case 'scalar':
      return [node.value, node.broken, node.start, node.end, at];
    case 'list':
      return [at, node.start, node.items.map(told)];
    case 'map':
      return [at, node.start, [...node.entries].map(([name, { key, value }]) => [name, told(key), told(value)])];
  }
}

/** What the library reads; undefined where it has anything to say. */
async function byLibrary(text: string): Promise<unknown> {
  const problems = new Problems();
  const node = await readAnyYaml(new Source('x.yaml', text), problems);
  return node === undefined || problems.any ? undefined : told(node);
}

/** What means something else than it seems to, or is not read here at all. */
const KEYS = ['a', 'b', 'run', 'x-y', '_1', 'null', 'true', 'a b', '"q"', '1', '?', '<<', 'out.txt'];
const SCALARS = [
  'x',
  'yes',
  '0..9',
  '12',
  '012',
  '1.50',
  '1.',
  '.5',
  '1e3',
  '0x1F',
  '0o7',
  '-1',
  '+1',
  '1_000',
  '.inf',
  '.NaN',
  'null',
  'Null',
  '~',
  'true',
  'FALSE',
  'tRue',
  '9999999999999999',
  '1.00000000000001',
  '2020-01-01',
  'a b',
  'a  b',
  'a#b',
  'a #b',
  'a: b',
  'a:b',
  'a:',
  'x, y',
  'x]',
  'cat {input} > {output}',
  '${vars.x}/y',
  '$',
  '(x)',
  'a\\b',
  './f',
  '...',
  '---',
  '-',
  '- x',
  '? x',
  '*a',
  '&a x',
  '!t x',
  '|',
  '>',
  '%x',
  '@x',
  '`x',
  '"x"',
  '"x" y',
  '"a\\nb"',
  '"a # b: c"',
  "'x'",
  "'it''s'",
  "'",
  '"',
  '""',
  'é',
  '\u{1F600}',
  '\t',
  'x\t',
];

const ODD = fc.constantFrom(...SCALARS);
const scalar = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom('x', 'a b', '12', '0.5', '0..9', 'true', './f', '"a # b: c"', "'x'", 'a#b', 'a:b'),
  },
  { weight: 1, arbitrary: ODD },
);
const key = fc.oneof(
  { weight: 20, arbitrary: fc.stringMatching(/^[a-z][a-z0-9_-]{1,3}$/) },
  { weight: 1, arbitrary: fc.constantFrom(...KEYS) },
);
const flow = fc.letrec<{ value: string; list: string; map: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, scalar, tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
  map: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 3 })
    .map((entries) => `{ ${entries.map(([name, value]) => `${name}: ${value}`).join(', ')} }`),
}));
const inline = fc.oneof({ weight: 4, arbitrary: scalar }, flow.list, flow.map);
const after = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(' ', ' # c', '  #', '# c', '\n', '\n# c', '\n   # c') },
);
const STEPS = [0, 1, 2, 2, 2, 4];
const block = fc.letrec<{ map: string[]; list: string[]; entry: string[] }>((tie) => ({
  map: fc.array(tie('entry'), { minLength: 1, maxLength: 4 }).map((entries) => entries.flat()),
  list: fc.array(
    fc.tuple(inline, after).map(([value, end]) => `- ${value}${end}`),
    { minLength: 1, maxLength: 3 },
  ),
  entry: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(key, inline, after).map(([name, value, end]) => [`${name}: ${value}${end}`]),
    fc
      .tuple(key, after, fc.oneof(tie('map'), tie('list')), fc.constantFrom(...STEPS))
      .map(([name, end, lines, step]) => [`${name}:${end}`, ...lines.map((line) => ' '.repeat(step) + line)]),
  ),
}));
/** As it is written, or with a character too many or too few somewhere. */
const text = fc
  .tuple(
    block.map,
    fc.constantFrom('', '\n', '\n\n', '\n ', '\n  # c'),
    fc.option(
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom('', ...Array.from(' #:-"\'\n\t,[]{}&|$?\u00e9\r\u2028\ufeff')),
      ),
      { freq: 2 },
    ),
  )
  .map(([lines, end, slip]) => {
    const whole = lines.join('\n') + end;
    if (slip === null) return whole;
    const at = Math.floor(slip[0] * whole.length);
    return whole.slice(0, at) + slip[1] + whole.slice(slip[1] === '' ? at + 1 : at);
  });

test('whatever it takes, it reads as the library does', async (t) => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(text, async (yaml) => {
      const node = readPlainYaml(new Source('x.yaml', yaml));
      if (node === undefined) return;
      taken++;
      t.deepEqual(told(node), await byLibrary(yaml), yaml);
    }),
    { seed: 7, numRuns: 5000 },
  );
  t.true(taken > 1000, String(taken));
});

test('it takes what pipelines are made of', async (t) => {
  const yaml = `# yaml-language-server: $schema=./pipeline.schema.json
version: 1

vars:
  out: examples/output   # where to
default: [full, card]
targets:
  frames:
    description: Größe, "quoted" and all
    rule: crafter/frames
    params: { seed: 7, share: 0.25, seeds: 0..9, policy: { kind: expert }, all: true, none: null }
    outputs:
      frames: \${vars.out}/frames/
      messages: '\${vars.out}/messages.jsonl'

  # the whole
  full:
    run: cp {inputs.x} {output}
    inputs: { x: [a.txt, "b c.txt"], y: frames.messages }
    secrets:
    - KEY
    env:
      - A
      - B
    outputs: "\${vars.out}/full.txt"
`;
  const node = readPlainYaml(new Source('x.yaml', yaml));
  t.not(node, undefined);
  t.deepEqual(node === undefined ? undefined : told(node), await byLibrary(yaml));
});
