import test from 'ava';
import fc from 'fast-check';
import type { Json } from '../base/json.js';
import { Problems } from './problems.js';
import { locate, Source, type Node } from './source.js';
import { readYaml } from './yaml-reader.js';

function valueOf(node: Node): Json {
  switch (node.type) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(valueOf);
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, valueOf(value)]));
  }
}

async function read(text: string): Promise<Node> {
  const problems = new Problems();
  const node = await readYaml(new Source('x.yaml', text), problems);
  if (node === undefined || problems.any)
    throw new Error(
      problems
        .inOrder()
        .map((each) => each.headline)
        .join('\n'),
    );
  return node;
}

test('JSON is YAML', async (t) => {
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
  const usable = (value: Json): boolean => {
    if (typeof value === 'number') return Number.isSafeInteger(value) || !Number.isInteger(value);
    if (Array.isArray(value)) return (value as readonly Json[]).every(usable);
    if (typeof value !== 'object' || value === null) return true;
    return !Object.hasOwn(value, '__proto__') && Object.values(value).every((item) => usable(item));
  };
  await fc.assert(
    fc.asyncProperty(json.filter(usable), async (value) => {
      t.deepEqual(valueOf(await read(JSON.stringify(value, null, 1))), value);
    }),
    { seed: 1 },
  );
});

test('YAML 1.2: no yes, no octal, no merge, no dates', async (t) => {
  t.deepEqual(
    valueOf(await read('{ a: yes, b: 012, c: 1_000, d: 2020-01-01, e: ~, f: 0x1F, <<: { g: 1 }, on: off }')),
    {
      a: 'yes',
      b: 12,
      c: '1_000',
      d: '2020-01-01',
      e: null,
      f: 31,
      '<<': { g: 1 },
      on: 'off',
    },
  );
});

test('places count characters, from 1', async (t) => {
  const node = await read('a: "é\u{1F600}"\n\u{1F600}é: [x, \u{1F600}, y]\n');
  if (node.type !== 'map') throw new Error('a map was read');
  const list = node.entries.get('\u{1F600}é')?.value;
  if (list?.type !== 'list') throw new Error('a list was read');
  t.deepEqual(
    list.items.map((item) => {
      const { line, column, length } = locate(item);
      return [line, column, length];
    }),
    [
      [2, 6, 1],
      [2, 9, 1],
      [2, 12, 1],
    ],
  );
});

test('anchors may be used often, as long as nothing explodes', async (t) => {
  const node = await read(`a: &a [1, 2, 3]\nb: [${Array.from({ length: 500 }, () => '*a').join(', ')}]\n`);
  t.is(node.type === 'map' && (valueOf(node) as { b: Json[] }).b.length, 500);
});

test('numbers are those that a double has; any other is refused rather than changed', async (t) => {
  t.deepEqual(valueOf(await read('[1e300, -2.5E+30, 0x1F, 9007199254740991]')), [1e300, -2.5e30, 31, 9007199254740991]);
  for (const text of ['9007199254740993', '9007199254740993.0', '1e400', '1e-400', '.inf', '.nan']) {
    await t.throwsAsync(read(`x: ${text}`), { message: `\`${text}\` cannot be kept exactly as a number` });
  }
});
