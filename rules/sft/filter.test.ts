import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { jsonText, parseJsonText } from '../lib/chat/json-text.js';
import { isTruthy } from '../lib/chat/json-value.js';
import { readMembers } from '../lib/chat/read-members.js';
import { memberAt } from '../lib/testing/member-at.js';
import { damaged, oddObject, oddValue } from '../lib/testing/odd-json.js';
import { databaseFrom, play, sha256Hex } from '../lib/testing/play.js';
import exportRule from './export.js';
import rule from './filter.js';

const FIXTURES = 'test/fixtures/traces';
const folder = mkdtempSync(join(tmpdir(), 'filter-'));
test.after.always(() => rmSync(folder, { recursive: true }));

let files = 0;
const fileOf = (content: string | Uint8Array) => {
  const path = join(folder, `${files++}.jsonl`);
  writeFileSync(path, content);
  return path;
};
const filtered = async (path: string, params: unknown = {}, blockBytes = 4096) =>
  (await play(rule, { inputs: { rows: path }, params, wanted: ['rejects'], blockBytes })).outputs;

for (const blockBytes of [1, 700, 1 << 20]) {
  test(`the fixture is filtered byte for byte, in blocks from ${blockBytes} bytes`, async (t) => {
    const input = `${FIXTURES}/filter.input.jsonl`;
    const { rows } = await filtered(input, {}, blockBytes);
    t.is(rows?.toString(), readFileSync(`${FIXTURES}/filter.expected.jsonl`, 'utf8'));
    const assistant = await filtered(input, { include_assistant: true }, blockBytes);
    t.is(assistant['rows']?.toString(), readFileSync(`${FIXTURES}/filter.expected.assistant.jsonl`, 'utf8'));
  });
}

interface Case {
  readonly db: string;
  readonly params: Record<string, unknown>;
  readonly full?: object;
  readonly dataset: { readonly sha256: string };
  readonly dataset_with_assistant: { readonly sha256: string };
}

test('every export of the fixtures is filtered byte for byte', async (t) => {
  for (const name of ['small', 'edge']) databaseFrom(`${FIXTURES}/${name}.sql`, join(folder, `${name}.db`));
  const cases = JSON.parse(readFileSync(`${FIXTURES}/options.json`, 'utf8')) as Case[];
  for (const { db, params, full, dataset, dataset_with_assistant } of cases) {
    if (full === undefined) continue;
    const exported = await play(exportRule, { inputs: { db: join(folder, `${db}.db`) }, params });
    const path = fileOf(exported.outputs['rows'] ?? '');
    t.is(sha256Hex((await filtered(path))['rows'] ?? ''), dataset.sha256);
    const assistant = await filtered(path, { include_assistant: true });
    t.is(sha256Hex(assistant['rows'] ?? ''), dataset_with_assistant.sha256);
  }
});

const row = (metadata: object, images: readonly string[] = ['data:a']) =>
  JSON.stringify({
    messages: [{ role: 'user', content: images.map((url) => ({ type: 'image_url', image_url: { url } })) }],
    metadata: { user_has_image: true, ...metadata },
  });
/** The numbers `n` of the rows that are kept, and how often each reason dropped one. */
const keptOf = async (lines: readonly string[], params: unknown, blockBytes?: number) => {
  const path = fileOf(lines.map((line) => `${line}\n`).join(''));
  const { rows, rejects } = await filtered(path, params, blockBytes);
  const parse = (bytes?: Buffer) =>
    (bytes?.toString() ?? '')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { metadata: { n: number }; reason: string });
  return { kept: parse(rows).map(({ metadata }) => metadata.n), reasons: parse(rejects).map(({ reason }) => reason) };
};

test('lines end at LF, CRLF or a lone CR, and a mark at the start is no part of the first', async (t) => {
  const kept = '{"metadata": {"user_has_image": 1, "s": "\u2028\u0085"}}';
  const { rows, rejects } = await filtered(
    fileOf(`\ufeff${kept}\r\n\n${kept}\r${kept}\r\r\n\ufeff${kept}\n${kept}`),
    {},
    1,
  );
  t.is(rows?.toString(), `${kept}\n`.repeat(4));
  const blank = '{"reason": "not JSON", "text": ""}\n';
  t.is(rejects?.toString(), `${blank}${blank}{"reason": "not JSON", "text": ${JSON.stringify(`\ufeff${kept}`)}}\n`);
});

test('lines of all kinds are kept and dropped as one after the other would be', async (t) => {
  const flagged = (flag: string) => `{"messages": [], "metadata": {"user_has_image": ${flag}}}`;
  const line = fc.oneof(
    { weight: 3, arbitrary: fc.constant(flagged('true')) },
    fc.nat(9).map((n) => `{"n": ${n}, "metadata": {"user_has_image": ${n < 7}}}`),
    fc.constantFrom(flagged('false'), '{}', '', '{"metadata":{"user_has_image":true}}', flagged('1.50'), 'x', '[1]'),
    damaged(oddObject({ messages: oddValue, metadata: oddObject({ user_has_image: fc.constantFrom('true', '0') }) })),
  );
  const end = fc.oneof({ weight: 4, arbitrary: fc.constant('\n') }, fc.constantFrom('\r\n', '\r'));
  const lines = fc.array(fc.tuple(line, end), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(lines, fc.boolean(), async (all, isEnded) => {
      const text = all.map(([own, its], i) => own + (i === all.length - 1 && !isEnded ? '' : its)).join('');
      const kept = text
        .split(/\r\n|[\r\n]/)
        .slice(0, /[\r\n]$|^$/.test(text) ? -1 : undefined)
        .filter((own) => {
          const row = readMembers(own, ['metadata']);
          return typeof row !== 'string' && isTruthy(memberAt(row, 'metadata.user_has_image'));
        })
        .map((own) => `${jsonText(parseJsonText(own))}\n`);
      const path = fileOf(text);
      // Each by itself where each dropped row is written; otherwise together where they are alike.
      const each = await play(rule, { inputs: { rows: path }, wanted: ['rejects'], blockBytes: 60 });
      t.is(each.outputs['rows']?.toString(), kept.join(''), text);
      const together = await play(rule, { inputs: { rows: path }, blockBytes: 1 << 20 });
      t.is(together.outputs['rows']?.toString(), kept.join(''), text);
      t.deepEqual(together.log, each.log);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('rows are chosen by images, reward and achievements', async (t) => {
  const lines = [
    row({ n: 0 }),
    row({ n: 1 }, []),
    row({ n: 2 }, ['a', 'b', 'c']),
    row({ n: 3, achievements: { new_unique: ['x'], turned_true: ['x', 'y'] } }),
    row({ n: 4, achievements: { new_unique: [], turned_true: ['z'] } }),
    row({ n: 5, reward: 1.5 }),
    row({ n: 6, user_has_image: [] }),
    'nonsense',
  ];
  const always = ['no user image', 'not JSON'];
  t.deepEqual(await keptOf(lines, {}), { kept: [0, 1, 2, 3, 4, 5], reasons: always });
  t.deepEqual(await keptOf(lines, { min_images: 1, max_images: 2 }), {
    kept: [0, 3, 4, 5],
    reasons: ['too few images', 'too many images', ...always],
  });
  t.deepEqual((await keptOf(lines, { min_reward: 1.5 })).kept, [3, 5]);
  t.deepEqual((await keptOf(lines, { require_new_achievement: true })).kept, [3]);
  t.deepEqual((await keptOf(lines, { drop_achievements: ['y', 'z'] })).kept, [0, 1, 2, 5]);
});

test('what looks across rows does not depend on the blocks', async (t) => {
  const lines = fc.array(
    fc
      .record({
        session_id: fc.constantFrom('a', 'b', null),
        n: fc.integer({ min: 0, max: 2 }),
        image: fc.constantFrom('p', 'q'),
      })
      .map(({ image, ...metadata }) => row(metadata, [image])),
    { maxLength: 12 },
  );
  const params = fc.constantFrom(
    { dedupe: 'rows' },
    { dedupe: 'images' },
    { max_per_session: 2 },
    { dedupe: 'rows', max_per_session: 1 },
  );
  await fc.assert(
    fc.asyncProperty(lines, params, async (rows, options) => {
      t.deepEqual((await keptOf(rows, options, 1)).kept, (await keptOf(rows, options, 1 << 20)).kept);
    }),
    { seed: 1, numRuns: 30 },
  );
  const same = [
    row({ n: 1, session_id: 'a' }),
    row({ n: 1, session_id: 'a' }),
    row({ n: 2, session_id: 'a' }),
    row({ n: 3 }, ['b']),
  ];
  t.deepEqual(await keptOf(same, { dedupe: 'rows' }), { kept: [1, 2, 3], reasons: ['duplicate row'] });
  t.deepEqual(await keptOf(same, { dedupe: 'images' }), {
    kept: [1, 3],
    reasons: ['duplicate images', 'duplicate images'],
  });
  t.deepEqual((await keptOf(same, { dedupe: 'rows', max_per_session: 1 })).kept, [1, 3]);
});

test('an edited row makes its block again, and no other', async (t) => {
  const lines = Array.from({ length: 50 }, (_, n) => row({ n }));
  const keys = async (params: unknown) => {
    const path = fileOf(lines.join('\n'));
    return (await play(rule, { inputs: { rows: path }, params, blockBytes: 500 })).parts.map(({ key }) => key);
  };
  const before = await keys({});
  t.deepEqual(await keys({ dedupe: 'rows', max_per_session: 1 }), before);
  lines[20] = row({ n: -1 }, ['data:b']);
  const after = await keys({});
  t.is(after.filter((key) => !before.includes(key)).length, 1);
});

test('nothing kept is an empty file', async (t) => {
  t.is((await filtered(fileOf('')))['rows']?.toString(), '');
});
