import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import type { Diagnostic } from './diagnostic.js';
import { formatDiagnostic } from './format.js';

const full: Diagnostic = {
  code: 'VB999',
  headline: 'there is no var `seds`',
  at: { path: 'pipeline.yaml', line: 12, column: 9, text: '    a: "${vars.seds}"  ', length: 12 },
  also: [{ label: 'declared here', at: { path: 'other.yaml', line: 3, column: 1 } }],
  facts: [
    ['vars', 'out, seeds'],
    ['from', 'two\nlines'],
  ],
  next: 'write `${vars.seeds}`',
};

test('headline, place, underlined source, other places, aligned facts, next step', (t) => {
  t.is(
    formatDiagnostic(full, { color: false }),
    `VB999: there is no var \`seds\`
  pipeline.yaml:12:9
  12 |     a: "\${vars.seds}"
     |         ^^^^^^^^^^^^
  other.yaml:3:1  declared here
  vars  out, seeds
  from  two
        lines
  next  write \`\${vars.seeds}\``,
  );
});

test('what goes on below a headline stands below its text', (t) => {
  t.is(
    formatDiagnostic({ code: 'VB999', headline: 'a.toml:2: x\n    y', next: 'z' }, { color: false }),
    ['VB999: a.toml:2: x', '           y', '  next  z'].join('\n'),
  );
});

test('colour changes nothing but colour', (t) => {
  const coloured = formatDiagnostic(full, { color: true });
  t.not(coloured, formatDiagnostic(full, { color: false }));
  t.is(stripVTControlCharacters(coloured), formatDiagnostic(full, { color: false }));
});

test('marks stand below their characters: tabs, wide characters, the end of a line', (t) => {
  const lines = (text: string, column: number, length?: number): string[] =>
    formatDiagnostic(
      {
        code: 'VB999',
        headline: 'x',
        at: { path: 'p', line: 1, column, text, ...(length === undefined ? {} : { length }) },
      },
      { color: false },
    )
      .split('\n')
      .slice(2);
  t.deepEqual(lines('\ta: b', 5, 1), ['  1 | \ta: b', '    | \t   ^']);
  t.deepEqual(lines('名: 値x', 4, 2), ['  1 | 名: 値x', '    |     ^^^']);
  t.deepEqual(lines('a:', 3), ['  1 | a:', '    |   ^']);
});

test('a line that is too long is cut around the place', (t) => {
  const text = `${'a'.repeat(500)}HERE${'b'.repeat(500)}`;
  const [shown = '', marks = ''] = formatDiagnostic(
    { code: 'VB999', headline: 'x', at: { path: 'p', line: 1, column: 501, text, length: 4 } },
    { color: false },
  )
    .split('\n')
    .slice(2);
  t.true(shown.length < 120);
  t.is(shown.slice(marks.indexOf('^'), marks.lastIndexOf('^') + 1), 'HERE');
});

test('what would make a terminal do something is shown', (t) => {
  const said = formatDiagnostic(
    {
      code: 'VB999',
      headline: 'no file `a\u001b[2J`',
      at: { path: 'p.yaml', line: 1, column: 4, text: 'x: \u001b[2J', length: 2 },
      facts: [['name', '\u0007']],
    },
    { color: false },
  );
  t.is(said, 'VB999: no file `a␛[2J`\n  p.yaml:1:4\n  1 | x: ␛[2J\n    |    ^^\n  name  ␇');
});
