import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { Project } from './rig.js';
import { watching, type Watching } from './watching.js';

const TREE = `version: 1
targets:
  tree:
    run: cd {input} && find . -type f | sort | xargs cat > {output}
    inputs: data
    outputs: out/deep/tree.txt
`;
const FILES = { 'pipeline.yaml': TREE, 'data/one.txt': '1', 'data/sub/two.txt': '2' };

/** Some changes are seen in more steps than one: only the last result counts. */
async function until(project: Project, watch: Watching, path: string, text: string): Promise<void> {
  while (!project.exists(path) || project.read(path) !== text) await watch.built();
}

test.serial('a folder that another one takes the place of is watched', async (t) => {
  const [project, watch] = await watching(t, FILES);
  project.remove('data/sub');
  project.save('data/sub/two.txt', 'two');
  await until(project, watch, 'out/deep/tree.txt', '1two');
  project.save('data/sub/two.txt', 'again');
  await until(project, watch, 'out/deep/tree.txt', '1again');
  renameSync(project.path('data/sub'), project.path('data/moved'));
  mkdirSync(project.path('data/sub'));
  await until(project, watch, 'out/deep/tree.txt', 'again1');
  project.save('data/sub/two.txt', 'new');
  await until(project, watch, 'out/deep/tree.txt', 'again1new');
  project.save('data/moved/two.txt', 'old');
  await until(project, watch, 'out/deep/tree.txt', 'old1new');
  t.like(await watch.end(), { code: 130, stderr: '' });
});

test.serial('folders of outputs that were removed, and are there again, are watched', async (t) => {
  const [project, watch] = await watching(t, FILES);
  for (const removed of ['out', 'out/deep', 'out/deep/tree.txt', 'out', 'out/deep/tree.txt']) {
    project.remove(removed);
    t.like(await watch.built(), { restored: ['tree'] });
    t.is(project.read('out/deep/tree.txt'), '12');
  }
});

test.serial('after an edit of the pipeline folders in folders are watched as before', async (t) => {
  const [project, watch] = await watching(t, FILES);
  mkdirSync(project.path('data/empty'));
  project.save(
    'pipeline.yaml',
    `${TREE}  again: { run: 'cp {input} {output}', inputs: tree, outputs: out/again.txt }\n`,
  );
  await until(project, watch, 'out/again.txt', '12');
  project.save('data/sub/two.txt', 'two');
  await until(project, watch, 'out/again.txt', '1two');
  project.save('data/empty/three.txt', '3');
  await until(project, watch, 'out/again.txt', '31two');
  t.is((await watch.end()).code, 130);
});

test.serial('what a folder that a link leads to holds is watched, whatever takes its place', async (t) => {
  const [project, watch] = await linked(t);
  project.save('elsewhere/real/in.txt', 'two');
  await until(project, watch, 'out/deep/tree.txt', 'two');
  renameSync(project.path('elsewhere/real'), project.path('elsewhere/old'));
  await watch.next('watch-broken');
  project.save('elsewhere/real/in.txt', 'three');
  await until(project, watch, 'out/deep/tree.txt', 'three');
  project.save('elsewhere/real/in.txt', 'four');
  await until(project, watch, 'out/deep/tree.txt', 'four');
  // The link on the way leads elsewhere.
  symlinkSync('elsewhere/old', project.path('draft'));
  renameSync(project.path('draft'), project.path('way'));
  await until(project, watch, 'out/deep/tree.txt', 'two');
  t.is((await watch.end()).code, 130);
});

test.serial(
  'a circle of links in the place of a watched folder is told; put right, all is built as ever',
  async (t) => {
    const [project, watch] = await watching(t, FILES);
    renameSync(project.path('data'), project.path('kept'));
    symlinkSync('data', project.path('data'));
    await watch.next('watch-broken');
    project.remove('data');
    renameSync(project.path('kept'), project.path('data'));
    project.save('data/sub/two.txt', 'two');
    await until(project, watch, 'out/deep/tree.txt', '1two');
    t.is((await watch.end()).code, 130);
  },
);

async function linked(t: ExecutionContext): Promise<[Project, Watching]> {
  return watching(t, { 'pipeline.yaml': TREE, 'elsewhere/real/in.txt': 'one' }, (project) => {
    symlinkSync('elsewhere/real', project.path('way'));
    symlinkSync('way', project.path('data'));
  });
}

test.serial('a build after a watch knows all that the watch believed', async (t) => {
  const [project, watch] = await watching(t, FILES);
  // Read anew while what was read of the folder is kept.
  project.save('pipeline.yaml', `${TREE}# edited\n`);
  await watch.next('watch-built');
  await watch.end();
  t.regex((await project.run()).stdout, /^everything is fresh/);
  project.save('data/sub/two.txt', 'two');
  t.is((await project.run()).code, 0);
  t.is(project.read('out/deep/tree.txt'), '1two');
});

test.serial('a watch ends with its project', async (t) => {
  const [project, watch] = await watching(t, FILES);
  project.remove('.');
  const { code, stderr } = await watch.ended;
  t.is(code, 1);
  t.regex(stderr, /^VB905: the project is gone/);
});
