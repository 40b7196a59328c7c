import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { play } from '../lib/testing/play.js';
import { tokenEstimates } from './inspect/tokens.js';
import filterRule from './filter.js';
import rule from './inspect.js';

const folder = mkdtempSync(join(tmpdir(), 'inspect-'));
test.after.always(() => rmSync(folder, { recursive: true }));
let files = 0;
const fileOf = (content: string | Uint8Array) => {
  const path = join(folder, `${files++}.jsonl`);
  writeFileSync(path, content);
  return path;
};

const PNG = (() => {
  const head = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  return `data:image/png;base64,${Buffer.concat([head, Buffer.from([0, 0, 2, 0, 0, 0, 1, 0])]).toString('base64')}`;
})();

const row = (session: string, turn: number, more: object = {}, images: readonly string[] = [PNG]) =>
  JSON.stringify({
    messages: [
      {
        role: 'user',
        content: [...images.map((url) => ({ type: 'image_url', image_url: { url } })), { type: 'text', text: 'look' }],
      },
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'act', arguments: '{}' } }],
      },
    ],
    metadata: { session_id: session, turn, model: 'm', user_has_image: images.length > 0, ...more },
  });
const LINES = [
  row('a', 0, { achievements: { new_unique: ['wood'], turned_true: ['wood', 'drink'] } }),
  row('a', 4),
  row('b', 1, {}, [PNG, 'https://x/y.png', 'data:image/png;base64,AAAA']),
  'nonsense',
  '[1]',
];

interface Summary {
  readonly [name: string]: unknown;
  readonly tokens: { readonly families: readonly { readonly family: string; readonly images: number }[] };
}
const inspected = async (inputs: Record<string, string>, blockBytes?: number) => {
  const { outputs } = await play(rule, {
    inputs,
    wanted: ['report'],
    ...(blockBytes === undefined ? {} : { blockBytes }),
  });
  return { summary: JSON.parse(String(outputs['summary'])) as Summary, report: String(outputs['report']) };
};

test('rows are counted in all their parts, in whatever blocks', async (t) => {
  const { summary, report } = await inspected({ rows: fileOf(LINES.join('\n')) }, 1);
  t.like(summary, {
    rows: 3,
    unreadable: { 'not JSON': 1, 'not an object': 1 },
    sessions: { count: 2, rows: { least: 1, median: 2, most: 2, sum: 3 } },
    turns: { least: 2, median: 5, most: 5, sum: 7 },
    messages: { count: 6, roles: { assistant: 3, user: 3 } },
    text: { characters: 27, roles: { assistant: 15, user: 12 } },
    images: {
      count: 5,
      bytes: 75,
      sizes: { 'by address': 1, 'png 512x256': 3, unknown: 1 },
      roles: { user: 5 },
      unknown_size: 2,
    },
    tool_calls: { count: 3, names: { act: 3 } },
    models: { m: 3 },
    achievements: { new_unique: { wood: 1 }, turned_true: { drink: 1, wood: 1 } },
    funnel: { rows: 3 },
  });
  t.regex(report, /images at high detail, without the 2 images of unknown size\.\n/);
  t.notRegex(report, /From export/, 'nothing is told of an export');
  t.is(summary.tokens.families.find(({ family }) => family === 'claude')?.images, 3 * 190);
  t.deepEqual((await inspected({ rows: fileOf(LINES.join('\n')) }, 1 << 20)).summary, summary);
});

test('the funnel from export to dataset adds up', async (t) => {
  const lines = [...LINES.slice(0, 3), row('c', 0, {}, []), row('a', 5), row('a', 6)];
  const full = fileOf(lines.map((line) => `${line}\n`).join(''));
  const filtered = await play(filterRule, {
    inputs: { rows: full },
    params: { max_per_session: 2 },
    wanted: ['rejects'],
  });
  const rows = fileOf(filtered.outputs['rows'] ?? '');
  const rejects = fileOf(filtered.outputs['rejects'] ?? '');
  const { summary, report } = await inspected({ rows, full, rejects });
  t.deepEqual(summary['funnel'], {
    exported: 6,
    rejected: { 'enough rows of its session': 2, 'no user image': 1 },
    rows: 3,
    untold: 0,
  });
  t.regex(
    report,
    /\| exported \| 6 \|\n\| rejected: enough rows of its session \| 2 \|\n\| rejected: no user image \| 1 \|\n\| in these rows \| 3 \|/,
  );
  t.like((await inspected({ rows, full })).summary['funnel'], { exported: 6, rows: 3, untold: 3 });
});

test('counts are in the byte order of their names, whatever these look like', async (t) => {
  const lines = ['b', '10', '9', 'Z', '__proto__'].map((model) => row('s', 0, { model }));
  const { outputs } = await play(rule, { inputs: { rows: fileOf(lines.join('\n')) }, wanted: ['report'] });
  const names = /"models": \{([^}]*)\}/.exec(String(outputs['summary']))?.[1]?.match(/"[^"]*"/g);
  t.deepEqual(names, ['"10"', '"9"', '"Z"', '"__proto__"', '"b"']);
  t.regex(String(outputs['report']), /## Models\n\n[^#]*\| 10 \| 1 \|\n\| 9 \| 1 \|\n\| Z \| 1 \|/);
});

test('what was given and is empty is told as none', async (t) => {
  const empty = fileOf('');
  const row0 = fileOf(LINES[0] ?? '');
  t.deepEqual((await inspected({ rows: row0, full: row0, rejects: empty })).summary['funnel'], {
    exported: 1,
    rejected: {},
    rows: 1,
    untold: 0,
  });
  const { summary, report } = await inspected({ rows: empty, full: empty, rejects: fileOf('\ufeff') });
  t.deepEqual(summary['funnel'], { exported: 0, rejected: {}, rows: 0, untold: 0 });
  t.regex(report, /\| exported \| 0 \|\n\| in these rows \| 0 \|/);
});

test('no rows at all', async (t) => {
  const { summary, report } = await inspected({ rows: fileOf('') });
  t.like(summary, { rows: 0, sessions: { count: 0 }, turns: { sum: 0 } });
  t.regex(report, /\| rows \| 0 \|/);
});

test('image tokens are those that were billed, or that the documentation works out', (t) => {
  const tokens = (family: string, width: number, height: number) => {
    const [found] = tokenEstimates(0, [{ width, height, count: 1 }]).filter((one) =>
      JSON.stringify(one['family']).includes(family),
    );
    return found?.['images'];
  };
  t.is(tokens('gpt-4o,', 1024, 1024), 765);
  t.is(tokens('gpt-4o,', 2048, 4096), 1105);
  t.is(tokens('gpt-4o,', 128, 64), 255);
  t.is(tokens('gpt-4o-mini', 128, 64), 8500);
  t.is(tokens('gpt-4.1-mini', 128, 64), 13);
  t.is(tokens('claude', 200, 200), 64);
  t.is(tokens('claude', 4000, 4000), 1568);
  t.is(tokens('gemini', 384, 384), 258);
  t.is(tokens('gemini', 1920, 1080), 1548);
  t.is(tokens('qwen2.5', 280, 56), 20);
  t.is(tokens('qwen3', 64, 64), 4);
});
