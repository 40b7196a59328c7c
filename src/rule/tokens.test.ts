import test from 'ava';
import fc from 'fast-check';
import { tokensOf } from './tokens.js';

const types = (code: string) => tokensOf(code)?.map(({ type, text }) => [type, text]);

test('a slash opens a regular expression only where no value stands before it', (t) => {
  t.deepEqual(types('a=/"/g'), [
    ['name', 'a'],
    ['punctuation', '='],
    ['regex', '/"/g'],
  ]);
  t.deepEqual(
    types('(a+b)/2/c')?.map(([, text]) => text),
    ['(', 'a', '+', 'b', ')', '/', '2', '/', 'c'],
  );
  t.deepEqual(types('if(x)/[/"]/.test(y)')?.[4], ['regex', '/[/"]/']);
  t.deepEqual(types('return/`/')?.[1], ['regex', '/`/']);
  t.deepEqual(types('x.return/2')?.[3], ['punctuation', '/']);
  t.deepEqual(types('i++/2')?.[2], ['punctuation', '/']);
});

test('templates come in pieces, with what is between them as tokens', (t) => {
  t.deepEqual(types('`a${b({c:`d${e}`})}f`+g'), [
    ['template', '`a${'],
    ['name', 'b'],
    ['punctuation', '('],
    ['punctuation', '{'],
    ['name', 'c'],
    ['punctuation', ':'],
    ['template', '`d${'],
    ['name', 'e'],
    ['template', '}`'],
    ['punctuation', '}'],
    ['punctuation', ')'],
    ['template', '}f`'],
    ['punctuation', '+'],
    ['name', 'g'],
  ]);
});

test('what is not closed has no tokens', (t) => {
  for (const code of ['"a', '`a${b', 'f(', "'a\nb'"]) t.is(tokensOf(code), undefined, code);
});

test('no token is lost, and comments and white space are none', (t) => {
  const pieces = [
    'name',
    '$_',
    '12.5e-3',
    '0xff',
    '.5',
    '"s\\"t"',
    "'\\''",
    '`t\\``',
    '...',
    '=>',
    '++',
    '(1)',
    '[2]',
    '{}',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom(' ', '\n', '/*"*/', '//`\n')), { maxLength: 12 }),
      (parts) => {
        const tokens = tokensOf(parts.map(([piece, blank]) => `${blank}${piece}`).join(''));
        t.is(tokens?.map((token) => token.text).join(''), parts.map(([piece]) => piece).join(''));
      },
    ),
  );
});
