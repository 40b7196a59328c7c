import test from 'ava';
import { deeds, eventsOf, Project } from './rig.js';

test('what an earlier command changes while a target waits for its slot is what that target reads', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  a: { run: 'echo new > data/b.txt; cp {input} {output}', inputs: data/a.txt, allow: [data/b.txt], outputs: out/a.txt }
  b: { run: 'cp {input} {output}', inputs: data/b.txt, outputs: out/b.txt }
`,
    'data/a.txt': 'one',
    'data/b.txt': 'old',
  });
  const built = await project.builds(t, '-j1');
  t.is(project.read('out/b.txt'), 'new\n');
  // It was not run with the old one before.
  t.is(eventsOf(built, 'target-started').filter(({ target }) => target === 'b').length, 1);
  t.deepEqual(eventsOf(built, 'warning'), []);
  t.deepEqual(deeds(await project.builds(t)), { a: 'fresh', b: 'fresh' });
});

test('results that are recorded together are each recorded, and commands do not overlap in one slot', async (t) => {
  const names = Array.from({ length: 40 }, (_, n) => `s${String(n)}`);
  const project = new Project(t, {
    'pipeline.yaml': `version: 1\ntargets:\n${names
      .map(
        (name, n) =>
          // The folder can be made by one at a time; the text makes each a result of its own.
          `  ${name}: { run: 'mkdir busy; echo ${name} > {output}; cat {input} >> {output}; rmdir busy', ` +
          `inputs: ${n % 10 === 9 ? `s${String(n - 1)}` : 'in.txt'}, outputs: out/${name}.txt }\n`,
      )
      .join('')}`,
    'in.txt': 'in\n',
  });
  const all = (deed: string): Record<string, string> => Object.fromEntries(names.map((name) => [name, deed]));
  t.deepEqual(deeds(await project.builds(t, '-j1')), all('run'));
  t.is(project.read('out/s19.txt'), 's19\ns18\nin\n');
  // Each is in the index, in the store and on disk.
  project.remove('pipeline.lock');
  t.deepEqual(deeds(await project.builds(t)), all('fresh'));
  project.remove('out');
  t.deepEqual(deeds(await project.builds(t)), all('restore'));
});

test('a command that writes nothing at first is tried again, in a slot of its own', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  a:
    run: 'if [ -e tried ]; then cp {input} {output}; else touch tried; fi'
    inputs: in.txt
    outputs: out/a.txt
    retries: 1
    allow: [tried]
`,
    'in.txt': 'in',
  });
  const built = await project.builds(t, '-j1');
  t.deepEqual(
    eventsOf(built, 'target-started').map(({ attempt }) => attempt),
    [1, 2],
  );
  t.is(project.read('out/a.txt'), 'in');
});

test('what is wrong with an output is said of its path in the pipeline', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  folder: { run: 'mkdir {output}', outputs: out/a.txt }
  text: { run: 'echo text > {output}', outputs: out/b.db }
  pipe: { run: 'mkdir -p {output}/deep; mkfifo {output}/deep/p', outputs: out/c/ }
  rule: { rule: my/folder, outputs: out/d.txt }
`,
    'rules/my/folder.ts': `import { mkdirSync } from 'node:fs';
import { defineRule, file } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Makes a folder.',
  params: z.strictObject({}),
  inputs: {},
  outputs: { out: file() },
  run: async ({ outputs }) => void mkdirSync(outputs.out.path),
});
`,
  });
  const failed = await project.build('-k', 'folder', 'text', 'pipe', 'rule');
  t.is(failed.code, 1);
  const said = eventsOf(failed, 'target-failed').map(({ target, diagnostic }) => [target, diagnostic.headline]);
  const [text] = eventsOf(failed, 'target-failed').filter(({ target }) => target === 'text');
  t.deepEqual(text?.diagnostic.facts, [['sqlite says', 'file is not a database']]);
  t.deepEqual(Object.fromEntries(said), {
    folder: '`out/a.txt` is a folder, not a file',
    text: '`out/b.db` cannot be read as a SQLite database',
    pipe: '`out/c/deep/p` is neither a file nor a folder',
    rule: '`out/d.txt` is a folder, not a file',
  });
});

for (const [what, write] of [
  ['read', 'echo new > data/a.txt'],
  ['made', '(cd out && echo new > a.txt)'],
] as const) {
  test(`what a later command changes of what an earlier target ${what} is seen by the next build`, async (t) => {
    const project = new Project(t, {
      'pipeline.yaml': `version: 1
targets:
  a: { run: 'cp {input} {output}', inputs: data/a.txt, outputs: out/a.txt }
  b: { run: '${write}; cp {input} {output}', inputs: data/b.txt, after: [a], allow: [data/a.txt], outputs: out/b.txt }
`,
      'data/a.txt': 'old',
      'data/b.txt': 'b',
    });
    const first = await project.run();
    t.is(first.code, 0, first.stderr);
    const second = await project.run();
    t.is(second.code, 0, second.stderr);
    t.notRegex(second.stdout, /everything is fresh/);
    t.is(project.read('out/a.txt'), what === 'read' ? 'new\n' : 'old');
  });
}
