import { cpSync } from 'node:fs';
import test from 'ava';
import sharp from 'sharp';
import { deeds, eventsOf, Project } from './rig.js';

const PIPELINE = `version: 1
targets:
  frames:
    rule: crafter/frames
    params: { steps: 1, textures: ./art }
    outputs: { frames: out/frames/, messages: out/messages.jsonl }
  words:
    rule: crafter/rollouts
    params: { seeds: 0..1, steps: 4, mode: text, textures: ./art }
    outputs: out/words.db
  seen:
    rule: crafter/rollouts
    params: { seeds: 0..1, steps: 4, mode: both, textures: ./art }
    outputs: out/seen.db
`;

test('a changed texture is noticed by whatever shows it, and a wrong one is named', async (t) => {
  const project = new Project(t, { 'pipeline.yaml': PIPELINE });
  cpSync('test/fixtures/crafter/textures', project.path('art'), { recursive: true });
  await project.builds(t);
  const before = project.tree();
  t.deepEqual(deeds(await project.builds(t)), { frames: 'fresh', words: 'fresh', seen: 'fresh' });

  project.write('art/notes.txt', 'no texture');
  t.deepEqual(partsMade(await project.builds(t)), { words: 0, seen: 0 });
  t.deepEqual(project.tree(['cache', 'art', 'pipeline.lock']), without(before, ['art/', 'pipeline.lock']));

  const red = { create: { width: 16, height: 16, channels: 3, background: 'red' } } as const;
  await sharp(red).png().toFile(project.path('art/grass.png'));
  // Frames of episodes in words may be wanted too.
  t.deepEqual(partsMade(await project.builds(t)), { words: 2, seen: 2 });
  t.is(project.tree()['out/words.db'], before['out/words.db']);
  const after = project.tree();
  t.not(after['out/frames/step_000.png'], before['out/frames/step_000.png']);
  t.not(after['out/seen.db'], before['out/seen.db']);

  await sharp({ create: { ...red.create, width: 8 } })
    .png()
    .toFile(project.path('art/cow.png'));
  const wrong = await project.build('-k');
  t.is(wrong.code, 1);
  for (const { diagnostic } of eventsOf(wrong, 'target-failed'))
    t.true(diagnostic.headline.includes('texture `art/cow.png` is 8x16 pixels, not 16x16'), diagnostic.headline);
  t.deepEqual(deeds(wrong), { frames: 'failed', words: 'failed', seen: 'failed' });
  t.is(project.tree()['out/seen.db'], after['out/seen.db']);

  project.remove('art/cow.png');
  const lacking = await project.build('frames');
  t.regex(eventsOf(lacking, 'target-failed')[0]?.diagnostic.headline ?? '', /the textures in `art` lack `cow\.png`/);
  project.remove('art');
  const gone = await project.run();
  t.is(gone.code, 1);
  t.regex(gone.stderr, /there is no .*`art`.*\n +pipeline\.yaml:5:/);
});

test('a database of episodes is the same to the byte with any number of workers', async (t) => {
  const pipeline = `version: 1
targets:
  traces: { rule: crafter/rollouts, params: { seeds: [5, 0..2], steps: 12, policy: { kind: random } }, outputs: out.db }
`;
  const digests = [];
  for (const jobs of ['-j1', '-j4']) {
    const project = new Project(t, { 'pipeline.yaml': pipeline });
    await project.builds(t, jobs);
    digests.push(project.tree()['out.db']);
  }
  t.is(digests[1], digests[0]);
});

/** How many parts were made, by target. */
const partsMade = (built: Parameters<typeof eventsOf>[0]): Record<string, number> =>
  Object.fromEntries(
    eventsOf(built, 'target-finished').flatMap(({ target, parts }) => (parts ? [[target, parts.made]] : [])),
  );

const without = (tree: Readonly<Record<string, string>>, starts: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(tree).filter(([path]) => !starts.some((start) => path.startsWith(start))));
