import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Random } from './faults/random.js';
import { appeared } from '../src/host/host-project.js';
import { deeds, Project, type Files } from './rig.js';

/** Results are written ahead from 16 MiB on. */
const LONG = 'x'.repeat(800_000);
const ROWS = 26;

/** Rows go to two outputs as they are; `bad` ones fail, and as long as there is a file `stop`, listing does not end. */
const rule = (assemble: string): string => `import { existsSync, writeFileSync } from 'node:fs';
import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Rows, and once more.',
  params: z.strictObject({ drop: z.array(z.number()).default([]) }),
  inputs: { rows: jsonl() },
  outputs: { rows: jsonl(), again: jsonl() },
  async *parts({ inputs, params }) {
    for await (const block of inputs.rows.blocks()) yield { id: block.id, spec: params, inputs: { rows: block } };
    if (existsSync('stop')) writeFileSync('listed', '');
    while (existsSync('stop')) await new Promise((done) => setTimeout(done, 1));
  },
  async make({ spec, inputs, outputs }) {
    for await (const row of inputs.rows.rows()) {
      if (row.n === 'bad') throw new Error('a bad row');
      outputs.rows.append(JSON.stringify(row));
      if (!spec.drop.includes(row.n)) outputs.again.append(JSON.stringify({ ...row, again: true }));
    }
  },
  ${assemble}
});
`;

const project = (): Files => ({
  'rules/my/default.ts': rule(''),
  'rules/my/joins.ts': rule(`assemble({ join }) { join('rows'); join('again'); },`),
  'pipeline.yaml': `version: 1
targets:
  default: { rule: my/default, inputs: { rows: ./rows.jsonl }, outputs: { rows: out/d/rows.jsonl, again: out/d/again.jsonl } }
  joins: { rule: my/joins, inputs: { rows: ./rows.jsonl }, outputs: { rows: out/j/rows.jsonl, again: out/j/again.jsonl } }
`,
});

const textOf = (rows: readonly (number | string)[]): string =>
  rows.map((n) => `${JSON.stringify({ n, text: LONG })}\n`).join('');
const againOf = (rows: readonly (number | string)[]): string =>
  rows.map((n) => `${JSON.stringify({ n, text: LONG, again: true })}\n`).join('');

/** What has to be there. */
function isWhole(t: ExecutionContext, files: Project, rows: readonly (number | string)[], message: string): void {
  for (const target of ['d', 'j']) {
    t.true(files.read(`out/${target}/rows.jsonl`) === textOf(rows), `${target}: rows, ${message}`);
    t.true(files.read(`out/${target}/again.jsonl`) === againOf(rows), `${target}: again, ${message}`);
  }
  t.deepEqual(readdirSync(files.path('out/d')).sort(), ['again.jsonl', 'rows.jsonl']);
  t.deepEqual(readdirSync(files.path('cache/stage')), []);
}

/** How many joins were begun before the first part was made. */
function joinedAhead(files: Project): number {
  const spans = JSON.parse(files.read('trace.json')) as { name?: string; ph: string; ts: number }[];
  const firstMade = Math.min(...spans.flatMap(({ name, ts }) => (name?.startsWith('make:') === true ? [ts] : [])));
  return spans.filter(({ name, ph, ts }) => name?.startsWith('join:') === true && ph !== 'E' && ts < firstMade).length;
}

function objectsOf(files: Project): string[] {
  const folder = files.path('cache/objects');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

test('whatever is done to the rows, what was joined ahead is what comes of a clean build', async (t) => {
  t.timeout(280_000);
  const files = new Project(t, project());
  let rows: (number | string)[] = Array.from({ length: ROWS }, (_, n) => n);
  let next = ROWS;
  const random = new Random(5);
  const edits: readonly ((at: number) => void)[] = [
    () => rows.push(next++),
    (at) => rows.splice(at, 1),
    (at) => rows.splice(at, 0, next++),
    (at) => rows.splice(at, 1, next++),
    () => rows.unshift(next++),
    () => void (rows = rows.toReversed()),
  ];
  let ahead = 0;
  for (let round = 0; round < 2 * edits.length + 1; round++) {
    const said = [];
    for (let n = round === 0 ? 0 : 1 + (round % 2); n > 0; n--) {
      const edit = edits[(round + n) % edits.length];
      const at = random.between(0, rows.length - 1);
      edit?.(at);
      said.push(`${String(edit)} at ${at}`);
    }
    files.write('rows.jsonl', textOf(rows));
    await files.builds(t, '-j6', '--trace', 'trace.json');
    isWhole(t, files, rows, said.join(', '));
    ahead += joinedAhead(files);
  }
  t.true(ahead > 0, 'nothing was joined ahead');
});

for (const jobs of ['-j1', '-j6']) {
  test(`parts of a first build are joined while others are made, and what fails among them is left out (${jobs})`, async (t) => {
    const files = new Project(t, project());
    const rows: (number | string)[] = Array.from({ length: ROWS }, (_, n) => n);
    files.write('rows.jsonl', textOf([...rows, 'bad']));
    t.is((await files.run('joins', jobs)).code, 1);
    t.deepEqual(readdirSync(files.path('cache/stage')), []);
    files.remove('cache');
    files.write('rows.jsonl', textOf(rows));
    await files.builds(t, 'joins', jobs, '--trace', 'trace.json');
    const spans = JSON.parse(files.read('trace.json')) as { name?: string; ph: string; ts: number }[];
    const named = (name: string) => spans.filter((span) => span.name?.startsWith(name) === true && span.ph !== 'E');
    t.true(named('join: joins').some(({ ts }) => named('assemble:').every((assembled) => ts < assembled.ts)));
    t.true(files.read('out/j/rows.jsonl') === textOf(rows));
    t.true(files.read('out/j/again.jsonl') === againOf(rows));
    t.deepEqual(deeds(await files.builds(t, 'joins')), { joins: 'fresh' });
  });
}

test('a build that fails or is ended while it joins ahead leaves its outputs as they were, and nothing else', async (t) => {
  t.timeout(180_000);
  const files = new Project(t, project());
  const rows: (number | string)[] = Array.from({ length: ROWS }, (_, n) => n);
  files.write('rows.jsonl', textOf(rows));
  await files.builds(t, '-j6');

  const changed = [...rows.slice(0, 20), 'new', ...rows.slice(20)];
  files.write('rows.jsonl', textOf([...changed, 'bad']));
  t.is((await files.run('-j6', '-k')).code, 1);
  isWhole(t, files, rows, 'a part failed');

  files.write('rows.jsonl', textOf(changed));
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    files.write('stop', '');
    const started = files.start('-j6');
    await appeared(files.path('listed'));
    started.kill(signal);
    t.is((await started.ended).signal ?? 'SIGINT', signal);
    files.remove('listed');
    if (signal === 'SIGINT') isWhole(t, files, rows, 'interrupted');
    files.remove('stop');
  }
  await files.builds(t, '-j6');
  isWhole(t, files, changed, 'built after all');
  t.deepEqual(deeds(await files.builds(t)), { default: 'fresh', joins: 'fresh' });
});

test('a stored part that was damaged since is found before what was joined ahead is delivered, and made again', async (t) => {
  t.timeout(180_000);
  const files = new Project(t, project());
  const rows: (number | string)[] = Array.from({ length: ROWS }, (_, n) => n);
  files.write('rows.jsonl', textOf(rows));
  await files.builds(t, '-j6');
  for (const at of [0, 12, 25]) {
    const wanted = textOf([rows[at] ?? 0]);
    const damaged = objectsOf(files).find((path) => readFileSync(path, 'latin1').includes(wanted));
    if (damaged === undefined) return t.fail('where is that part?');
    const bytes = readFileSync(damaged);
    chmodSync(damaged, 0o644);
    writeFileSync(damaged, bytes.fill('y', bytes.length >> 1, (bytes.length >> 1) + 1));
    rows.push(`after ${String(at)}`);
    files.write('rows.jsonl', textOf(rows));
    const { stdout, stderr } = await files.run('-j6');
    t.regex(stdout + stderr, /damaged/);
    isWhole(t, files, rows, `damaged at ${String(at)}`);
  }
});
