import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import test from 'ava';
import { DatabaseMemories } from '../src/artifacts/sqlite-memories.js';
import { IndexTables } from '../src/store/gc-index.js';
import { cacheLayout } from '../src/store/layout.js';
import { RULES } from './engine-rules.js';
import { deeds, Project, Puppets } from './rig.js';

const FILES = {
  ...RULES,
  'pipeline.yaml': `version: 1
targets:
  upper:
    rule: text/upper
    inputs: { rows: data/rows.jsonl }
    params: { mark: MARK }
    outputs: out/upper.jsonl
  files:
    rule: text/explode
    inputs: { rows: upper }
    outputs: { files: out/files/, index: out/index.txt }
`,
  'data/rows.jsonl': '"a"\n"b"\n',
};

const markIs = (project: Project, mark: string): void =>
  project.write('pipeline.yaml', FILES['pipeline.yaml'].replace('MARK', `'${mark}'`));

interface Report {
  readonly dryRun: boolean;
  readonly before: number;
  readonly after: number;
  readonly results: number;
  readonly parts: number;
  readonly objects: number;
  readonly runs: number;
  readonly paths: number;
  readonly logs: number;
}

async function gc(project: Project, ...args: string[]): Promise<Report> {
  const { stdout } = await project.run('gc', '--json', ...args);
  return JSON.parse(stdout) as Report;
}

function objectsOf(project: Project): string[] {
  const folder = project.path('cache/objects');
  return readdirSync(folder)
    .filter((name) => name !== 'tmp')
    .flatMap((name) => readdirSync(`${folder}/${name}`).map((rest) => name + rest));
}

test('gc drops the least recently used of what nothing needs, and never what the lock and the last runs need', async (t) => {
  const project = new Project(t, FILES);
  for (const mark of ['1', '2', '3']) {
    markIs(project, mark);
    await project.builds(t);
  }
  t.like(await gc(project), { results: 0, parts: 0, objects: 0, runs: 0 });
  const before = objectsOf(project);
  const planned = await gc(project, '--dry-run', '--max-size', '0', '--keep-runs', '2');
  t.like(planned, { results: 2, parts: 1 });
  t.deepEqual(objectsOf(project), before, 'a dry run removes nothing');
  const done = await gc(project, '--max-size', '0', '--keep-runs', '2');
  t.deepEqual(done, { ...planned, dryRun: false });
  t.is(objectsOf(project).length, before.length - done.objects);
  t.true(done.after < done.before);

  // What is there now, and what the run before had, come back from the store; what is older is made again.
  project.remove('out');
  t.deepEqual(deeds(await project.builds(t)), { upper: 'restore', files: 'restore' });
  markIs(project, '2');
  t.deepEqual(deeds(await project.builds(t)), { upper: 'restore', files: 'restore' });
  markIs(project, '1');
  t.deepEqual(deeds(await project.builds(t)), { upper: 'run', files: 'run' });
  t.is(project.read('out/files/row-1.txt'), '"B"1');
});

test('gc goes by use, not by age: what was restored last is kept longer', async (t) => {
  const project = new Project(t, FILES);
  for (const mark of ['1', '2', '3', '1', '4']) {
    markIs(project, mark);
    await project.builds(t);
  }
  const { before, after } = await gc(project, '--dry-run', '--max-size', '0', '--keep-runs', '1');
  // Room for some of it: 2 and 3 were last used before 1 was.
  const room = after + Math.floor((before - after) / 2);
  await gc(project, '--max-size', `${room}`, '--keep-runs', '1');
  markIs(project, '1');
  t.deepEqual(deeds(await project.builds(t)), { upper: 'restore', files: 'restore' });
  markIs(project, '2');
  t.is(deeds(await project.builds(t))['upper'], 'run');
});

test('gc drops by age, with records of files that are gone, old logs and what no result refers to', async (t) => {
  const project = new Project(t, FILES);
  for (const mark of ['1', '2']) {
    markIs(project, mark);
    await project.builds(t);
  }
  mkdirSync(project.path('cache/objects/ab'), { recursive: true });
  const orphan = project.path(`cache/objects/ab/${'0'.repeat(62)}`);
  writeFileSync(orphan, 'left by a build that was killed');
  project.write('cache/logs/20200101T000000Z-000000/upper.log', 'old\n');
  project.write('cache/logs/20200102T000000Z-000000/upper.log', 'newer\n');
  project.remove('data/rows.jsonl');
  project.write('pipeline.yaml', `version: 1\ntargets:\n  other:\n    run: echo > {output}\n    outputs: other.txt\n`);
  await project.builds(t);
  const databases = new DatabaseMemories(project.path('cache/databases'));
  const [known, unknown] = [project.path('other.txt'), project.path('gone.db')].map((path) => databases.fileOf(path));
  mkdirSync(project.path('cache/databases'), { recursive: true });
  for (const file of [known, unknown]) writeFileSync(file ?? '', 'remembered');
  const report = await gc(project, '--max-age', '1ms', '--keep-runs', '1');
  t.deepEqual(
    [known, unknown].map((file) => existsSync(file ?? '')),
    [true, false],
  );
  t.false(objectsOf(project).includes(`ab${'0'.repeat(62)}`));
  t.deepEqual(readdirSync(project.path('cache/logs/20200102T000000Z-000000')), ['upper.log']);
  t.false(project.exists('cache/logs/20200101T000000Z-000000'));
  t.like(report, { runs: 2, logs: 1 });
  t.true(report.paths > 0);
  t.true(report.results >= 2, 'of targets that are gone, but for outputs that are there');
  t.like(await gc(project, '--max-age', '1ms', '--keep-runs', '1'), {
    results: 0,
    parts: 0,
    objects: 0,
    paths: 0,
    logs: 0,
  });
});

test('gc keeps what the locks of other pipeline files need', async (t) => {
  const project = new Project(t, FILES);
  markIs(project, '1');
  project.write('other.yaml', project.read('pipeline.yaml').replaceAll('out/', 'other/').replace("'1'", "'x'"));
  await project.builds(t, '-f', 'other.yaml');
  await project.builds(t);
  project.remove('other');
  t.like(await gc(project, '--max-size', '0', '--keep-runs', '1'), { results: 0 });
  t.deepEqual(deeds(await project.builds(t, '-f', 'other.yaml')), { upper: 'restore', files: 'restore' });
});

test('gc waits for a build that is under way, and takes nothing that it uses', async (t) => {
  const project = new Project(t, FILES);
  const puppets = await Puppets.open(t, project);
  markIs(project, '1');
  await project.builds(t);
  project.write(
    'pipeline.yaml',
    `${project.read('pipeline.yaml')}  held:\n    run: ${JSON.stringify(`${puppets.command('held')} > {output}`)}\n    outputs: held.txt\n`,
  );
  const building = project.start('--json');
  const held = await puppets.asked('held');
  const collecting = project.start('gc', '--max-size', '0', '--keep-runs', '1');
  const waits = new Promise<string>((resolve) =>
    collecting.child.stderr?.once('data', (data: Buffer) => resolve(data.toString())),
  );
  t.regex(await waits, /^waits for \d{8}T\d{6}Z-[0-9a-f]{6} to end\n$/);
  const objects = objectsOf(project);
  held.answer('done');
  t.is((await building.ended).code, 0);
  t.is((await collecting.ended).code, 0);
  t.true(objects.length > 0);
  project.remove('out');
  t.deepEqual(deeds(await project.builds(t)), { upper: 'restore', files: 'restore', held: 'fresh' });
});

test('gc that was killed when it had dropped rows leaves objects that the next one takes', async (t) => {
  const project = new Project(t, FILES);
  for (const mark of ['1', '2', '3']) {
    markIs(project, mark);
    await project.builds(t);
  }
  const planned = await gc(project, '--dry-run', '--max-size', '0', '--keep-runs', '1');
  const before = objectsOf(project);
  const tables = new IndexTables(cacheLayout(project.root));
  const last = new Set(tables.lastSuccesses().values());
  const listed = new Set([...tables.partLists().values()].flat());
  tables.drop({
    actions: tables.actions().flatMap(({ key }) => (last.has(key) ? [] : [key])),
    parts: tables.parts().flatMap(({ key }) => (listed.has(key) ? [] : [key])),
    runs: [],
    stats: [],
    outputPaths: [],
  });
  tables.close();

  project.remove('out');
  t.deepEqual(deeds(await project.builds(t)), { upper: 'restore', files: 'restore' });
  const done = await gc(project, '--max-size', '0', '--keep-runs', '1');
  t.like(done, { results: 0, parts: 0 });
  t.true(planned.results > 0);
  t.true(done.objects >= planned.objects && objectsOf(project).length < before.length);
  t.is((await project.run('cache', 'verify')).code, 0);
});

test('gc: mistakes on the command line', async (t) => {
  const project = new Project(t, FILES);
  for (const args of [
    ['--max-size', 'many'],
    ['--max-age', 'never'],
    ['--keep-runs', '0'],
  ])
    t.is((await project.run('gc', ...args)).code, 2);
});

test('cache: what is kept for what; cache verify finds damage, drops it, and says what that costs', async (t) => {
  const project = new Project(t, FILES);
  for (const mark of ['1', '2']) {
    markIs(project, mark);
    await project.builds(t);
  }
  const { stdout } = await project.run('cache');
  t.regex(stdout, /^store +\S+ \S+ +\d+ objects: 4 results, 2 parts\n {2}now /);
  const stats = JSON.parse((await project.run('cache', 'stats', '--json')).stdout) as {
    bytes: number;
    savedBytes: number;
    kept: Record<string, number>;
  };
  t.is(
    Object.values(stats.kept).reduce((a, b) => a + b),
    stats.bytes,
  );
  t.true(stats.savedBytes > 0, 'a part and what is joined of it are stored once');

  const good = await project.run('cache', 'verify');
  t.is(good.code, 0);
  t.regex(good.stdout, /all are what their names say/);
  const folder = project.path('cache/objects');
  const name =
    objectsOf(project).find(
      (hex) => readFileSync(`${folder}/${hex.slice(0, 2)}/${hex.slice(2)}`, 'utf8') === '"A"2\n"B"2\n',
    ) ?? '';
  const path = `${folder}/${name.slice(0, 2)}/${name.slice(2)}`;
  chmodSync(path, 0o644);
  writeFileSync(path, '"A"2\n"B"X\n');
  const bad = await project.run('-C', '.', 'cache', 'verify');
  t.is(bad.code, 3, bad.stderr);
  t.is(
    bad.stdout.replace(/read .*:/, 'read:'),
    `damaged, dropped: sha256:${name}\nupper: its last result cannot be restored (rows)\nupper: 1 remembered part must be made again when wanted\nread: 1 object damaged or incomplete\n`,
  );
  t.is((await project.run('cache', 'verify')).code, 0);
  project.remove('out/upper.jsonl');
  t.deepEqual(deeds(await project.builds(t)), { upper: 'run', files: 'fresh' });
});

test('gc moves together what is needed of small results of commands; builds, and runs of the past, find it there', async (t) => {
  const numbers = Array.from({ length: 40 }, (_, n) => n);
  const textOf = (n: number, version: string): string => `${String(n)} of ${version} `.repeat(20_000);
  const project = new Project(t, {
    'pipeline.yaml': `version: 1\ntargets:\n${numbers
      .map(
        (n) =>
          `  t${String(n)}: { run: 'cp {input} {output}', inputs: in/${String(n)}.txt, outputs: out/${String(n)}.txt }\n`,
      )
      .join('')}`,
    ...Object.fromEntries(numbers.map((n) => [`in/${String(n)}.txt`, textOf(n, 'first')])),
  });
  const versionOf = (n: number): string => (n % 10 === 0 ? 'first' : 'second');
  const all = (deed: string): Record<string, string> => Object.fromEntries(numbers.map((n) => [`t${String(n)}`, deed]));
  t.deepEqual(deeds(await project.builds(t, '-j8')), all('run'));
  t.true(objectsOf(project).length < numbers.length, 'they are stored together');
  for (const n of numbers) project.write(`in/${String(n)}.txt`, textOf(n, versionOf(n)));
  await project.builds(t);
  const report = await gc(project, '--max-size', '0', '--keep-runs', '1');
  t.true(report.after < 0.7 * report.before, JSON.stringify(report));
  t.regex((await project.run('cache', 'verify')).stdout, /all are what their names say/);
  const check = (folder: string): void => {
    for (const n of numbers) t.true(project.read(`${folder}/${String(n)}.txt`) === textOf(n, versionOf(n)), String(n));
  };
  project.remove('out');
  t.is((await project.run('restore', 'last', '--to', 'back')).code, 0);
  check('back/out');
  t.deepEqual(deeds(await project.builds(t)), all('restore'));
  check('out');
});

test('gc moves together what is needed of packs of parts, and builds find it there', async (t) => {
  const rule = (version: string): string => `version: 1
targets:
  lines: { rule: text/long, params: { parts: 60, version: ${version} }, outputs: out/lines.jsonl }
`;
  const project = new Project(t, {
    'rules/text/long.ts': `import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Long lines, of which every twentieth is the same in all versions.',
  params: z.strictObject({ parts: z.int(), version: z.int() }),
  outputs: { lines: jsonl() },
  *parts({ params }) {
    for (let i = 0; i < params.parts; i++) yield { id: 'line ' + i, spec: { i, version: i % 20 === 0 ? 0 : params.version } };
  },
  make({ spec, outputs }) {
    outputs.lines.append(JSON.stringify((spec.i + '.' + spec.version + ' ').repeat(15_000)));
    return {};
  },
});
`,
    'pipeline.yaml': rule('1'),
  });
  const gaps = async (): Promise<number> =>
    (JSON.parse((await project.run('cache', 'stats', '--json')).stdout) as { gaps: number }).gaps;
  await project.builds(t);
  project.write('pipeline.yaml', rule('2'));
  const [, second] = [await project.builds(t), project.read('out/lines.jsonl')];
  t.is(await gaps(), 0, 'the first version is kept too');
  const report = await gc(project, '--max-size', '0', '--keep-runs', '1');
  t.true(report.after < 0.7 * report.before, JSON.stringify(report));
  t.true((await gaps()) < 1 << 20);
  t.regex((await project.run('cache', 'verify')).stdout, /all are what their names say/);

  project.remove('out');
  t.deepEqual(deeds(await project.builds(t)), { lines: 'restore' });
  t.is(project.read('out/lines.jsonl'), second);
  project.write('pipeline.yaml', rule('3'));
  const built = await project.run();
  t.is(built.code, 0);
  t.notRegex(built.stdout + built.stderr, /damaged|VB4/);
  t.regex(built.stdout, /57 of 60 parts made/);
  const third = project.read('out/lines.jsonl').split('\n');
  for (const n of [0, 20, 40]) t.true(third[n] === second.split('\n')[n]);
});

test('a build collects once a day, where nobody says otherwise', async (t) => {
  const project = new Project(t, FILES);
  const orphan = `ab${'0'.repeat(62)}`;
  const leave = (): void => {
    mkdirSync(project.path('cache/objects/ab'), { recursive: true });
    writeFileSync(project.path(`cache/objects/ab/${'0'.repeat(62)}`), 'left by a build that was killed');
  };
  const build = async (mark: string): Promise<boolean> => {
    leave();
    markIs(project, mark);
    await project.builds(t);
    return objectsOf(project).includes(orphan);
  };
  t.true(await build('1'), 'a new store');
  t.true(await build('2'), 'not twice a day');
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  utimesSync(project.path('cache/collected'), yesterday, yesterday);
  project.environment['VLMBUILD_GC'] = 'off';
  t.true(await build('3'), 'switched off');
  delete project.environment['VLMBUILD_GC'];
  t.false(await build('4'));
  t.true(await build('5'));
});

/** Text that does not repeat, the same for the same session. */
function sessionText(session: number, bytes: number): string {
  let text = '';
  for (let n = 0; text.length < bytes; n++) text += createHash('sha256').update(`${session} ${n}`).digest('hex');
  return text.slice(0, bytes);
}

test('a dataset that grew ten times by one session takes near the space of one', async (t) => {
  const project = new Project(t, {
    ...RULES,
    'pipeline.yaml': `version: 1
targets:
  list: { rule: text/list, inputs: { files: data/ }, outputs: out/list.jsonl }
  copy: { run: 'cat {input} > {output}', inputs: list, outputs: out/copy.bin }
  dump: { run: "tr a-z A-Z < {input} > {output}", inputs: list, outputs: out/dump.jsonl }
`,
  });
  const add = (session: number): void => project.write(`data/${1000 + session}.txt`, sessionText(session, 250_000));
  for (let session = 0; session < 40; session++) add(session);
  await project.builds(t);
  const stored = (): number => {
    const sizes = objectsOf(project).map(
      (name) => statSync(project.path(`cache/objects/${name.slice(0, 2)}/${name.slice(2)}`)).size,
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  const once = stored();
  for (let session = 40; session < 50; session++) {
    add(session);
    t.deepEqual(deeds(await project.builds(t)), { list: 'run', copy: 'run', dump: 'run' });
  }
  const outputs = ['list.jsonl', 'copy.bin', 'dump.jsonl'].map((name) => statSync(project.path(`out/${name}`)).size);
  const all = outputs.reduce((sum, size) => sum + size, 0);
  t.log(`outputs ${all} bytes, store ${once} bytes at first and ${stored()} after ten more sessions`);
  t.true(once <= all, 'equal bytes of two outputs are stored once');
  t.true(stored() <= 1.5 * all, `${stored()} bytes for ${all}; ten copies would be ten times as many`);
});

test('where somebody removed the index nothing is dropped until a build has recorded what is there, which the next one does', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  one: { run: 'cp {input} {output}', inputs: data/in.txt, outputs: out/one.txt }
`,
    'data/in.txt': 'in',
  });
  await project.builds(t);
  // So that there is a snapshot, which says that all is fresh without a look at the index.
  await project.builds(t);
  project.remove('cache/index.db');
  t.is((await project.run()).stdout, 'everything is fresh (1 target)\n');
  const refused = await project.run('gc');
  t.is(refused.code, 1);
  t.regex(refused.stderr, /^VB449.*\n +next +build first/m);
  await project.builds(t);
  const { code, stderr } = await project.run('gc', '--max-size', '0');
  t.is(code, 0, stderr);
  project.remove('out');
  t.like((await project.builds(t)).events.at(-1), { counts: { fresh: 0, ran: 0, restored: 1, failed: 0, skipped: 0 } });
});
