import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { calling, serveChat, type Asked, type Told } from '../rules/crafter/agent/model/testing.js';
import { deeds, eventsOf, Project } from './rig.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A pipeline in which a model at this address plays, shown words and pictures, so that no two turns are alike. */
const pipelineOf = (url: string, { seeds = '0..1', policy = '' } = {}) => `version: 1
targets:
  traces:
    rule: crafter/rollouts
    secrets: [KEY]
    params:
      seeds: ${seeds}
      mode: both
      size: 32
      max_steps_per_episode: 3
      concurrency: 1
      policy: { kind: model, model: gpt-4o-mini, base_url: "${url}", secret: KEY, ${policy} }
    outputs: traces.db
`;

/** Counts how often each question was answered. */
async function serve(t: ExecutionContext, answer: (asked: Asked, index: number) => Told) {
  const answered = new Map<string, number>();
  const { url, asked } = await serveChat(t, (one, index) => {
    const told = answer(one, index);
    const question = JSON.stringify(one.body);
    if (typeof told === 'object' && (told.status ?? 200) === 200)
      answered.set(question, (answered.get(question) ?? 0) + 1);
    return told;
  });
  return { url, asked, answered };
}

const PLAY: Told = { body: calling(['move_right', 'noop']) };

test('nothing that was answered is asked again: after a kill, for more seeds, by an edited rule', async (t) => {
  let killAt: number | undefined = 3;
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const { url, asked, answered } = await serve(t, (_, index) => {
    // One at a time: when it asks again, what was answered before is durable.
    if (killAt === undefined || index < killAt) return PLAY;
    reach();
    return 'silence';
  });
  const project = new Project(t, { 'pipeline.yaml': pipelineOf(url) });
  project.environment['KEY'] = 'sk-test-0123456789';
  const plan = async (): Promise<string> => (await project.run('-n')).stdout;
  t.regex(await plan(), /traces .*2 parts: 2 new +asks a model at most 6 times /);
  t.is(asked.length, 0, 'a plan asks nothing');
  t.false(project.exists('cache/answers.db'));

  const build = project.start();
  await reached;
  build.kill('SIGKILL');
  await build.ended;
  killAt = undefined;
  t.is(answered.size, 3);
  t.regex(await plan(), /asks a model at most 3 times/);

  await project.builds(t);
  t.is(answered.size, 6);
  const traces = project.tree(['cache', 'node_modules'])['traces.db'];
  project.write('pipeline.yaml', pipelineOf(url, { seeds: '0..2' }));
  t.regex(await plan(), /3 parts: 2 fresh, 1 new +asks a model at most 3 times in 1 of 3 parts/);
  await project.builds(t);
  t.is(answered.size, 9);

  project.write('pipeline.yaml', pipelineOf(url, { policy: 'timeout_seconds: 60' }));
  cpSync(join(ROOT, 'rules'), project.path('rules'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), project.path('node_modules'));
  const rule = project.read('rules/crafter/rollouts.ts');
  project.write('rules/crafter/rollouts.ts', rule.replace('achievements in', 'goals in'));
  t.notRegex(await plan(), /asks/);
  await project.builds(t);
  t.is(project.tree(['cache', 'node_modules'])['traces.db'], traces, 'the same to the byte');
  t.deepEqual([...answered.values()], Array<number>(9).fill(1));

  // Locked, and lost with all that could make it again without asking.
  project.remove('traces.db');
  project.remove('cache');
  const refused = await project.build();
  t.is(refused.code, 1);
  t.is(eventsOf(refused, 'target-failed')[0]?.diagnostic.code, 'VB305');
  t.is(asked.length, 10);
});

test('an endpoint may misbehave in every way: episodes that fail are reported, and tried again by the next build', async (t) => {
  // By request: a question that failed is asked again.
  const bad: Readonly<Record<number, Told>> = {
    0: { status: 429, headers: { 'retry-after': '0' }, body: {} },
    1: { status: 429, body: { error: { message: 'slow down' } } },
    3: 'half a reply',
    5: 'reset',
    7: { body: '<html>' },
  };
  let isDown = true;
  const { url, asked } = await serve(t, (_, index) => {
    const told = bad[index];
    if (told !== undefined) return told;
    // Three turns of seed 0, and one of seed 1; then it is down for good.
    return isDown && index > 8 ? { status: 401, body: { error: { message: 'no key like that' } } } : PLAY;
  });
  // Half a reply is given up after this; the others must come within it, however busy the machine is.
  const policy = 'tries: 20, timeout_seconds: 8, requests_per_minute: 1000, price: { input: 100, output: 100 }';
  const project = new Project(t, {
    'pipeline.yaml': pipelineOf(url, { policy }),
  });
  project.environment['KEY'] = 'sk-test-0123456789';
  const built = await project.build();
  t.is(built.code, 1);
  t.deepEqual(
    eventsOf(built, 'part-failed').map(({ part }) => part),
    ['seed-0001'],
  );
  t.regex(eventsOf(built, 'part-failed')[0]?.diagnostic.headline ?? '', /answered 401: no key like that/);
  t.false(project.exists('traces.db'), 'never recorded as a success');
  t.false(built.stdout.includes('sk-test'), 'the key is said nowhere');
  isDown = false;
  const before = asked.length;
  const again = await project.builds(t);
  t.deepEqual(deeds(again), { traces: 'run' });
  t.is(eventsOf(again, 'target-finished')[0]?.parts?.made, 1);
  t.is(asked.length - before, 2);
  t.true(asked.every(({ headers }) => headers.authorization === 'Bearer sk-test-0123456789'));
});
