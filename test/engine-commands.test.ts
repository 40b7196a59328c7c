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
