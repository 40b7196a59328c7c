import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { jsonText } from '../lib/chat/json-text.js';
import { readMembers } from '../lib/chat/read-members.js';
import { memberAt } from '../lib/testing/member-at.js';
import { play } from '../lib/testing/play.js';
import rule from './split.js';

const folder = mkdtempSync(join(tmpdir(), 'split-'));
test.after.always(() => rmSync(folder, { recursive: true }));

let files = 0;
async function split(lines: readonly string[], params: unknown = {}) {
  const path = join(folder, `${files++}.jsonl`);
  writeFileSync(path, lines.join('\n'));
  const played = await play(rule, { inputs: { rows: path }, params, blockBytes: 200 });
  const linesOf = (name: string) => (played.outputs[name]?.toString() ?? '').split('\n').slice(0, -1);
  return { train: linesOf('train'), validation: linesOf('validation'), log: played.log };
}

const row = (session: number, n: number) => `{"n": ${n}, "metadata": {"session_id": "s-${session}"}}`;
const rows = (sessions: number) =>
  Array.from({ length: sessions * 3 }, (_, index) => row(Math.floor(index / 3), index));
const sessionsOf = (lines: readonly string[]) => new Set(lines.map((line) => /s-\d+/.exec(line)?.[0]));

test('sessions stay whole, about the share goes to validation, no row is lost', async (t) => {
  const { train, validation } = await split(rows(200), { validation: 0.25 });
  t.is(train.length + validation.length, 600);
  const inTrain = sessionsOf(train);
  const inValidation = sessionsOf(validation);
  t.is(inTrain.size + inValidation.size, 200);
  t.true(inValidation.size > 30 && inValidation.size < 70, String(inValidation.size));
});

test('more sessions move no other; another seed does', async (t) => {
  const before = await split(rows(60), { seed: 17 });
  const after = await split(rows(90), { seed: 17 });
  t.true(before.validation.length > 0);
  t.deepEqual(after.validation.slice(0, before.validation.length), before.validation);
  t.deepEqual(after.train.slice(0, before.train.length), before.train);
  t.notDeepEqual((await split(rows(60), { seed: 18 })).validation, before.validation);
});

test('other groups, rows without one, and lines that are no rows', async (t) => {
  const lines = Array.from({ length: 40 }, (_, n) => `{"k": {"group": ${n % 2}}, "n": ${n}}`);
  const { train, validation } = await split(lines, { group_by: 'k.group', validation: 0.5, seed: 2 });
  t.deepEqual([train.length, validation.length].sort(), [20, 20]);
  const alone = await split(['{"a": 1}', 'nonsense', '[1]', '', '{"a": 2}'], { validation: 0 });
  t.deepEqual(alone.train, ['{"a": 1}', '{"a": 2}']);
  t.deepEqual(alone.log, ['2 rows to train, 0 to validation; skipped: 3 × no JSON object']);
  t.is((await split(lines, { validation: 1 })).train.length, 0);
});

test('shares beyond one, and paths of nothing, are refused', async (t) => {
  for (const params of [{ validation: 1.5 }, { validation: -1 }, { group_by: '' }, { seed: 1.5 }, { sed: 1 }]) {
    await t.throwsAsync(split([], params), { name: 'ZodError' });
  }
});

test('lines of all kinds go to the side of their group, as they are, whatever way they end', async (t) => {
  const line = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.nat(5), fc.nat(9)).map(([session, n]) => row(session, n)) },
    fc.constantFrom('{"metadata":{"session_id":"s-1"}}', '{"metadata": {"session_id": 1.50}}', '{"metadata": []}'),
    fc.constantFrom('', 'x', '[1]', '{"metadata": {"session_id": "s-\\u0031"}}', '{"a": "\u2028"}', '{"a": 1, "a": 2}'),
  );
  const end = fc.oneof({ weight: 4, arbitrary: fc.constant('\n') }, fc.constantFrom('\r\n', '\r'));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(line, end), { maxLength: 12 }), async (lines) => {
      const expected: Record<string, string[]> = { train: [], validation: [] };
      for (const [text] of lines) {
        const read = readMembers(text, ['metadata']);
        if (typeof read === 'string') continue;
        const group = memberAt(read, 'metadata.session_id');
        const digest = createHash('sha256')
          .update(`3\n${group === undefined ? text : jsonText(group)}`)
          .digest('hex');
        expected[digest < '8' ? 'validation' : 'train']?.push(text);
      }
      const { train, validation } = await split([lines.map(([text, its]) => text + its).join('')], {
        validation: 0.5,
        seed: 3,
      });
      t.deepEqual({ train, validation }, expected);
    }),
    { seed: 1, numRuns: 200 },
  );
});
