import { readdirSync } from 'node:fs';
import test from 'ava';
import Database from 'better-sqlite3';
import type { WatchEvent } from '../../src/watch/events.js';
import { deeds, eventsOf, Project, Puppets, withEvents, type Built, type Started } from '../rig.js';
import { printModel, randomModel } from './pipelines.js';
import { Random } from './random.js';

/** Until one line of what it prints has this in it. */
async function says({ child }: Started, text: string): Promise<void> {
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', (data: Buffer) => {
      if (data.includes(text)) resolve();
    });
  });
}

/** How often each target was made, in all builds together. */
function timesRun(builds: readonly Built[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const built of builds)
    for (const [target, deed] of Object.entries(deeds(built)))
      times.set(target, (times.get(target) ?? 0) + (deed === 'run' ? 1 : 0));
  return times;
}

test.serial('twenty builds at once of overlapping targets lose nothing and make nothing twice', async (t) => {
  t.timeout(280_000);
  const random = new Random(7);
  const model = randomModel(random, 8);
  const files = printModel(model);
  const [clean, project] = [new Project(t, files), new Project(t, files)];
  await clean.builds(t);
  const names = model.targets.map(({ name }) => name);
  const started = Array.from({ length: 20 }, (_, n) =>
    project.start('--json', '-j', '1', ...(n % 3 === 0 ? [] : [random.pick(names), random.pick(names)])),
  );
  const builds = (await Promise.all(started.map(({ ended }) => ended))).map(withEvents);
  for (const { code, stdout, stderr } of builds) t.is(code, 0, stdout + stderr);

  const pids = new Set(started.map(({ child }) => child.pid));
  const waits = builds.flatMap((built) => eventsOf(built, 'target-blocked'));
  t.true(
    waits.every(({ holder }) => pids.has(holder.pid)),
    'whoever waits names one of the others',
  );
  t.deepEqual(
    [...timesRun(builds)].filter(([, times]) => times > 1),
    [],
  );
  t.deepEqual(project.tree(), clean.tree());
  t.deepEqual(readdirSync(project.path('cache/stage')), []);
  const index = new Database(project.path('cache/index.db'), { readonly: true });
  t.is(index.pragma('integrity_check', { simple: true }), 'ok');
  t.is(index.prepare('SELECT count(*) FROM last_success').pluck().get(), names.length);
  index.close();
  t.regex((await project.run()).stdout, /^everything is fresh/);
  t.log(`20 builds, of which ${String(waits.length)} times one waited for another`);
});

const HELD = `version: 1
vars: { mark: one }
targets:
  first: { run: 'echo first > {output}', outputs: out/first.txt }
  held: { run: 'HELD > {output} && echo {vars.mark} >> {output}', inputs: { text: first }, outputs: out/held.txt }
  last: { run: 'cat {input} > {output}', inputs: held, outputs: out/last.txt }
`;

async function heldProject(t: Parameters<typeof Puppets.open>[0]): Promise<{ project: Project; puppets: Puppets }> {
  const project = new Project(t, {});
  const puppets = await Puppets.open(t, project);
  project.write('pipeline.yaml', HELD.replace('HELD', puppets.command('held').replaceAll("'", "''")));
  return { project, puppets };
}

test.serial('the death of a build is noticed at once by the one that waits for it', async (t) => {
  const { project, puppets } = await heldProject(t);
  const first = project.start('--json');
  const held = await puppets.asked('held');
  const second = project.start('--json');
  await says(second, 'target-blocked');
  first.kill('SIGKILL');
  await held.gone;
  (await puppets.asked('held')).answer('second ');
  const built = withEvents(await second.ended);
  t.is(built.code, 0);
  t.deepEqual(deeds(built), { first: 'fresh', held: 'run', last: 'run' });
  t.is(eventsOf(built, 'target-blocked')[0]?.holder.pid, first.child.pid);
  t.is(project.read('out/last.txt'), 'second one\n');
  t.is((await first.ended).signal, 'SIGKILL');
});

test.serial('two builds with different `--set` take turns, and both results are kept', async (t) => {
  const { project, puppets } = await heldProject(t);
  const one = project.start('--json', '--set', 'vars.mark=one');
  const held = await puppets.asked('held');
  const two = project.start('--json', '--set', 'vars.mark=two');
  await says(two, 'target-blocked');
  held.answer('a ');
  (await puppets.asked('held')).answer('b ');
  const [a, b] = [withEvents(await one.ended), withEvents(await two.ended)];
  // The first may find that the other took its turn at `held` before it read it for `last`: then it says so.
  t.is(b.code, 0, b.stdout + b.stderr);
  t.true([0, 1].includes(a.code ?? -1), a.stdout + a.stderr);
  t.is(project.read('out/held.txt'), 'b two\n');
  t.is(project.read('out/last.txt'), 'b two\n');
  t.false(project.exists('pipeline.lock'), 'what `--set` made is not what the pipeline says');
  const plain = await project.builds(t);
  t.is(deeds(plain)['held'], 'restore');
  t.is(project.read('out/last.txt'), 'a one\n');
});

test.serial('two targets with one key that are stale at once are made once', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  a: { run: 'date +%s%N > {output}', outputs: out/a.txt }
  b: { run: 'date +%s%N > {output}', outputs: out/b.txt }
  c: { run: 'date +%s%N > {output}', outputs: out/c.txt }
`,
  });
  const built = await project.builds(t, '-j', '3');
  t.deepEqual(Object.values(deeds(built)).sort(), ['restore', 'restore', 'run']);
  t.is(project.read('out/a.txt'), project.read('out/b.txt'));
  t.is(project.read('out/a.txt'), project.read('out/c.txt'));
});

test.serial('two targets with one key that two builds want are made once', async (t) => {
  const project = new Project(t, {});
  const puppets = await Puppets.open(t, project);
  const command = puppets.command('held').replaceAll("'", "''");
  const target = (name: string): string => `  ${name}: { run: '${command} > {output}', outputs: out/${name}.txt }\n`;
  project.write('pipeline.yaml', `version: 1\ntargets:\n${target('a')}${target('b')}`);
  const first = project.start('--json', 'a');
  const held = await puppets.asked('held');
  const second = project.start('--json', 'b');
  await says(second, 'target-blocked');
  held.answer('once');
  t.deepEqual(deeds(withEvents(await first.ended)), { a: 'run' });
  const built = withEvents(await second.ended);
  t.deepEqual(deeds(built), { b: 'restore' });
  t.is(eventsOf(built, 'target-blocked')[0]?.holder.pid, first.child.pid);
  t.is(project.read('out/b.txt'), project.read('out/a.txt'));
});

test.serial('gc beside builds takes nothing that they need', async (t) => {
  t.timeout(200_000);
  const model = randomModel(new Random(11), 5);
  const project = new Project(t, printModel(model));
  const clean = new Project(t, printModel(model));
  await clean.builds(t);
  for (let round = 0; round < 3; round++) {
    const started = [
      project.start('--json', '-B'),
      project.start('gc', '--max-size', '0', '--max-age', '0s', '--keep-runs', '1'),
      project.start('--json'),
      project.start('gc', '--max-size', '0', '--max-age', '0s', '--keep-runs', '1'),
    ];
    for (const { ended } of started) {
      const { code, stdout, stderr } = await ended;
      t.is(code, 0, stdout + stderr);
    }
    t.deepEqual(project.tree(), clean.tree());
  }
  t.is((await project.run('cache', 'verify')).code, 0);
  project.remove('out');
  const restored = await project.builds(t);
  t.deepEqual(new Set(Object.values(deeds(restored))), new Set(['restore']));
  t.deepEqual(project.tree(), clean.tree());
});

test.serial('a watch and a build together: who comes second finds it done', async (t) => {
  const { project, puppets } = await heldProject(t);
  const watch = project.start('watch', '--json');
  (await puppets.asked('held')).answer('first ');
  await says(watch, '"type":"watch-built"');
  project.write('pipeline.yaml', project.read('pipeline.yaml').replace('mark: one', 'mark: two'));
  // Whoever of the two is first asks; the other waits for it, or comes after it.
  const build = project.start('--json');
  (await puppets.asked('held')).answer('second ');
  const built = withEvents(await build.ended);
  t.is(built.code, 0, built.stdout + built.stderr);
  t.is(project.read('out/last.txt'), 'second two\n');
  watch.kill('SIGINT');
  const watched = await watch.ended;
  const runs = watched.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as WatchEvent | Built['events'][number])
    .filter((event) => event.type === 'target-finished' && event.target === 'held' && event.action === 'run').length;
  t.is(runs + (deeds(built)['held'] === 'run' ? 1 : 0), 2, 'once before the edit, once after it');
  t.regex((await project.run()).stdout, /^everything is fresh/);
});
