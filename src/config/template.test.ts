import test from 'ava';
import fc from 'fast-check';
import { parseTemplate, type Part } from './template.js';

/** The text that parts were taken from. */
function print(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      if (part.type === 'text') return part.text.replaceAll('$', '$$$$');
      if (part.type === 'wrong') return '';
      const fallback = part.fallback === undefined ? '' : `:-${print(part.fallback)}`;
      return `\${${part.space}.${part.path.join('.')}${fallback}}`;
    })
    .join('');
}

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,5}$/);
const space = fc.constantFrom('vars', 'env', 'params', 'matrix');
const { parts: partsOfAll } = fc.letrec<{ parts: string; reference: string }>((tie) => ({
  parts: fc
    .array(
      fc.oneof({ depthSize: 'small' }, fc.stringMatching(/^[^${}]{0,4}$/), fc.constant('$$$$'), tie('reference')),
      {
        maxLength: 4,
      },
    )
    .map((pieces) => pieces.join('')),
  reference: fc
    .tuple(space, name, fc.option(tie('parts'), { nil: undefined }))
    .map(([from, x, fallback]) => `\${${from}.${x}${fallback === undefined ? '' : `:-${fallback}`}}`),
}));

test('any text of references, dollars and defaults prints back as it was', (t) => {
  fc.assert(
    fc.property(partsOfAll, (text) => {
      t.is(print(parseTemplate(text)), text);
    }),
    { seed: 1 },
  );
});

test('a text without references is itself, each $$ a dollar', (t) => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      t.deepEqual(parseTemplate(text.replaceAll('$', '$$$$')), text === '' ? [] : [{ type: 'text', text }]);
    }),
    { seed: 1 },
  );
});

test('a reference knows where it stands, in defaults too', (t) => {
  const text = 'a$$ ${vars.x} ${env.Y:-b${params.z.w}}';
  const places: string[] = [];
  const visit = (parts: readonly Part[]): void => {
    for (const part of parts) {
      if (part.type !== 'reference') continue;
      places.push(text.slice(part.start, part.end));
      visit(part.fallback ?? []);
    }
  };
  visit(parseTemplate(text));
  t.deepEqual(places, ['${vars.x}', '${env.Y:-b${params.z.w}}', '${params.z.w}']);
});

test('a lone dollar is a dollar', (t) => {
  t.deepEqual(parseTemplate('$5 and $x$'), [{ type: 'text', text: '$5 and $x$' }]);
});
