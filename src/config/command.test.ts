import { spawnSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { fillCommand, fillHoles, mentionedOutputs, valueWords } from './command.js';

/** Runs a script; every `show …` in it prints its words, each ended by NUL, and an LF at the end. */
function show(script: string): string[][] {
  const prelude = 'show() { printf "%s\\0" "$@"; printf "\\n\\0"; }\n';
  const { stdout, stderr } = spawnSync('sh', ['-eu'], { input: prelude + script, encoding: 'utf8' });
  if (stderr !== '') throw new Error(stderr);
  const calls: string[][] = [];
  let words: string[] = [];
  for (const word of stdout.split('\0').slice(0, -1)) {
    if (word === '\n') {
      calls.push(words);
      words = [];
    } else words.push(word);
  }
  return calls;
}

const anyWord = fc.string({
  unit: fc.constantFrom(...Array.from(' \t\'"\\$`;&|<>(){}*?#~!=-aé\u{1F600}')),
  minLength: 1,
});

test('a path is one word to the shell, whatever it is and whatever quotes stand around it', (t) => {
  const words = fc.sample(anyWord, { seed: 1, numRuns: 200 });
  const contexts = [
    'show {inputs.x}',
    'show "{inputs.x}"',
    "show '{inputs.x}'",
    'show "$(printf %s {inputs.x}; printf .)"',
  ];
  const lines = words.flatMap((word) =>
    contexts.map((context) => fillCommand(context, { inputs: { x: word }, outputs: {} })),
  );
  t.deepEqual(
    show(lines.join('\n')),
    words.flatMap((word) => [[word], [word], [word], [`${word}.`]]),
  );
});

test('a list is several words, in quotes too; pieces stand around it', (t) => {
  const files = { inputs: { x: ['a b', "it's"] }, outputs: { y: '/tmp/o p' } };
  t.deepEqual(show(fillCommand('show {inputs.x}; show "{inputs.x}" --o={outputs.y}', files)), [
    ['a b', "it's"],
    ['a b', "it's", '--o=/tmp/o p'],
  ]);
  t.deepEqual(show(fillCommand('show 1 {inputs.x} 2', { inputs: { x: [] }, outputs: {} })), [['1', '2']]);
});

test('comments and here-documents are seen for what they are', (t) => {
  const script = [
    "# don't be fooled by {inputs.x}",
    'show {inputs.x} # it\'s "here"',
    "show \"$(cat <<'END'",
    "don't: {inputs.x}",
    'END',
    ')" {inputs.x}',
    'show "$(cat <<END',
    'it\'s "{inputs.x}"',
    'END',
    ')"',
  ].join('\n');
  const word = 'a $b\'c"';
  t.deepEqual(show(fillCommand(script, { inputs: { x: word }, outputs: {} })), [
    [word],
    [`don't: ${word}`, word],
    [`it's "${word}"`],
  ]);
});

test('other braces stay', (t) => {
  const text = "awk '{print}' ${HOME} {other.x} {inputs} {input} {} {params.x}";
  t.is(fillCommand(text, { inputs: {}, outputs: {} }), text);
});

test('a value that looks like a hole is none later, and is the same word', (t) => {
  const tricky = ['{inputs.x}', 'a{outputs.y}b', '{input}', '{output} {inputs.x}'];
  const contexts = ['show {vars.v}', 'show "{vars.v}"', "show '{vars.v}'"];
  const lines = tricky.flatMap((value) =>
    contexts.map((context) =>
      fillCommand(
        fillHoles(context, ({ group, quoting }) => (group === 'vars' ? valueWords(value, quoting) : undefined)),
        { inputs: { x: 'WRONG', input: 'WRONG' }, outputs: { y: 'WRONG', output: 'WRONG' } },
      ),
    ),
  );
  t.deepEqual(
    show(lines.join('\n')),
    tricky.flatMap((value) => [[value], [value], [value]]),
  );
});

test('values of all types are words', (t) => {
  t.is(valueWords(3, 'none'), '3');
  t.is(valueWords(true, 'none'), 'true');
  t.is(valueWords(null, 'none'), "''");
  t.is(valueWords(['a', 1, { b: [2] }], 'none'), `a 1 '{"b":[2]}'`);
});

test('which outputs the text mentions', (t) => {
  t.deepEqual(mentionedOutputs('x > {outputs.a}; y {outputs.b-c} "{outputs.a}" {inputs.d}'), new Set(['a', 'b-c']));
  t.deepEqual(mentionedOutputs('make'), new Set());
});

test('an input that is not given is a bug, not an empty word', (t) => {
  t.throws(() => fillCommand('cat {inputs.x}', { inputs: {}, outputs: {} }), { instanceOf: RangeError });
});
