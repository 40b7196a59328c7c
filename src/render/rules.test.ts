import test from 'ava';
import { sha256 } from '../base/digest.js';
import type { LoadedRule } from '../rule/description.js';
import { ruleText } from './rules.js';

const rule: LoadedRule = {
  name: 'text/shout',
  summary: 'Shouts.',
  shape: 'whole',
  inputs: { lines: { kind: 'jsonl', list: true, optional: true } },
  outputs: { lines: { kind: 'jsonl', list: false, optional: false } },
  params: {
    type: 'object',
    required: ['seeds', 'size'],
    properties: {
      seeds: {
        anyOf: [{ type: 'integer' }, { type: 'array', items: { anyOf: [{ type: 'integer' }, { const: 'all' }] } }],
      },
      size: {
        type: 'array',
        prefixItems: [{ type: 'integer' }, { type: 'integer' }],
        description: 'Width and height.',
      },
      mark: { type: 'string', default: '!', description: 'word '.repeat(30) },
      policy: {
        default: { kind: 'one' },
        oneOf: [
          { type: 'object', required: ['kind'], properties: { kind: { const: 'one' } } },
          { type: 'object', required: ['kind'], properties: { kind: { const: 'two' }, n: { type: 'integer' } } },
        ],
      },
    },
  },
  assembles: false,
  asks: false,
  path: '/rules/text/shout.ts',
  code: sha256(''),
  bundle: '/bundle',
  modules: {},
  closure: [],
  shadows: [],
};

test('a rule on a page: what it takes, what it gives, and every param within a line', (t) => {
  const text = ruleText(rule, 'plain');
  t.is(
    text.replaceAll(/(word )+word/g, 'words'),
    [
      'text/shout: Shouts.',
      'made in one go',
      '',
      'inputs',
      '  lines  jsonl, list, optional',
      '',
      'outputs',
      '  lines  jsonl',
      '',
      'params',
      '  seeds        integer | (integer | "all")[], required',
      '  size         [integer, integer], required',
      '      Width and height.',
      '  mark         string, default "!"',
      '      words',
      '      words',
      '  policy       object, default {"kind":"one"}',
      '  policy.kind  "one", required',
      '  policy.kind  "two", required',
      '  policy.n     integer, optional',
    ].join('\n'),
  );
  t.true(text.split('\n').every((line) => line.length <= 100));
});
