import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { parse } from 'yaml';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { sha256, type Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { lockPath, nextLock, parseLock, printLock, readLock, type LockedTarget, type LockFile } from './lock-file.js';

const A = sha256('a');
const B = sha256('b');

const filter: LockedTarget = {
  rule: 'sft/filter',
  code: A,
  key: B,
  params: {
    steps: 50,
    include_assistant: false,
    policy: { kind: 'expert', weights: [0.5, 1] },
    note: 'two\nlines: "x"',
  },
  inputs: {
    rows: A,
    extra: null,
    images: [
      { digest: A, name: 'a b.png' },
      { digest: B, name: 'run.sh', executable: true },
    ],
  },
  outputs: { rows: B },
};

const TEXT = `version: 1
targets:
  dataset:
    rule: sft/filter
    code: ${A}
    key: ${B}
    params:
      include_assistant: false
      note: "two\\nlines: \\"x\\""
      policy:
        kind: expert
        weights:
          - 0.5
          - 1
      steps: 50
    inputs:
      extra: null
      images:
        "a b.png": ${A}
        run.sh: "${B} executable"
      rows: ${A}
    outputs:
      rows: ${B}
`;

test('a block a target, sorted keys, one value a line', (t) => {
  t.is(printLock({ version: 1, targets: { dataset: filter } }), TEXT);
  t.is(printLock({ version: 1, targets: {} }), 'version: 1\ntargets: {}\n');
});

test('what was printed reads back, with the line ends of any system', (t) => {
  const lock: LockFile = { version: 1, targets: { dataset: filter } };
  t.is(printLock(parseLock(TEXT, 'pipeline.lock')), TEXT);
  t.deepEqual(parseLock(TEXT.replaceAll('\n', '\r\n'), 'pipeline.lock').targets['dataset']?.params, filter.params);
  t.deepEqual(parseLock(TEXT, 'pipeline.lock').targets['dataset']?.inputs['images'], filter.inputs['images']);
  t.is(printLock(parseLock(printLock(lock), 'x')), printLock(lock));
});

const json = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'true',
      'No',
      '~',
      '0x1F',
      '1e3',
      '2024-01-01',
      '- a',
      'a: b',
      '#x',
      '.inf',
      '@x',
      'sha256:ab',
      'C:',
      '',
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie('json'), { maxKeys: 3 }),
  ),
})).json;

const digest: fc.Arbitrary<Digest> = fc.nat(20).map((n) => sha256(String(n)));
const locked: fc.Arbitrary<LockedTarget> = fc.record(
  {
    rule: fc.constant('sft/filter'),
    code: digest,
    key: digest,
    params: fc.dictionary(fc.string(), json, { maxKeys: 4 }),
    inputs: fc.dictionary(
      fc.string(),
      fc.oneof(
        digest,
        fc.constant(null),
        fc.array(digest.map((of) => ({ digest: of }))),
        fc
          .uniqueArray(fc.string(), { maxLength: 3 })
          .chain((names) => fc.tuple(...names.map((name) => digest.map((of) => ({ digest: of, name }))))),
      ),
    ),
    outputs: fc.dictionary(fc.string(), digest, { maxKeys: 3 }),
    accepted: fc.string(),
  },
  { requiredKeys: ['rule', 'code', 'key', 'params', 'inputs', 'outputs'] },
);

test('any lock reads back, and any YAML reader agrees on the values', (t) => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), locked, { maxKeys: 3 }), (targets) => {
      const text = printLock({ version: 1, targets });
      t.is(printLock(parseLock(text, 'pipeline.lock')), text);
      const read = parse(text, { maxAliasCount: 0, schema: 'core', uniqueKeys: true }) as {
        targets: Record<string, { params: unknown }>;
      };
      for (const [name, target] of Object.entries(targets)) {
        t.deepEqual(JSON.parse(JSON.stringify(read.targets[name]?.params)), JSON.parse(JSON.stringify(target.params)));
      }
    }),
    { seed: 3, numRuns: 300 },
  );
});

function problem(t: ExecutionContext, text: string): { code: string; line: number; headline: string } {
  const error = t.throws(() => parseLock(text, 'pipeline.lock'), { instanceOf: UserFacingError });
  const found = error.diagnostics[0];
  return { code: found?.code ?? '', line: found?.at?.line ?? 0, headline: found?.headline ?? '' };
}

test('a broken lock is located', (t) => {
  t.like(problem(t, TEXT.replace(`key: ${B}`, 'key: sha256:12')), { code: 'VB301', line: 6 });
  t.like(problem(t, TEXT.replace('      steps: 50\n', '      steps: 50\n      steps: 51\n')), {
    code: 'VB301',
    line: 16,
  });
  t.like(problem(t, TEXT.replace('    inputs:\n', '\tinputs:\n')), { line: 16 });
  t.like(problem(t, TEXT.replace('steps: 50', 'steps: [50]')), { line: 15 });
  t.like(problem(t, TEXT.slice(0, TEXT.indexOf('    outputs'))), {
    headline: '`pipeline.lock` cannot be read: `outputs` is missing',
    line: 4,
  });
  t.is(problem(t, '').code, 'VB301');
});

test('a cut-off lock is refused wherever it is cut between lines', (t) => {
  const lines = TEXT.split('\n');
  for (let kept = 0; kept < lines.length - 2; kept++) {
    t.is(problem(t, lines.slice(0, kept).join('\n')).code, 'VB301', `${kept} lines`);
  }
});

test('merge conflicts and newer versions are told apart from damage', (t) => {
  const conflict = TEXT.replace(
    '      steps: 50\n',
    '<<<<<<< HEAD\n      steps: 50\n=======\n      steps: 60\n>>>>>>> main\n',
  );
  t.like(problem(t, conflict), { code: 'VB302', line: 15 });
  t.like(problem(t, TEXT.replace('version: 1', 'version: 2')), { code: 'VB303', line: 1 });
});

test('the next lock keeps what was not built, replaces what was, drops what vanished', (t) => {
  const other = { ...filter, key: A };
  const present: LockFile = { version: 1, targets: { kept: filter, built: filter, gone: filter } };
  const next = nextLock(present, { built: other, fresh: other }, (name) => name !== 'gone');
  t.deepEqual(next.targets, { kept: filter, built: other, fresh: other });
  t.is(printLock(nextLock(present, {}, () => true)), printLock(present));
});

test('each pipeline file has a lock of its own; where there is none, there is none', (t) => {
  t.is(lockPath('/a/pipeline.yaml'), '/a/pipeline.lock');
  t.is(lockPath('/a/other.yml'), '/a/other.lock');
  const folder = tempFolder(t);
  t.is(readLock(join(folder, 'pipeline.lock')), undefined);
  writeFileSync(join(folder, 'pipeline.lock'), TEXT);
  t.deepEqual(Object.keys(readLock(join(folder, 'pipeline.lock'))?.targets ?? {}), ['dataset']);
});
