import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openSession } from '../execute/session.js';
import { tempProject } from '../rule/temp-project.js';
import { Dependents } from './dependents.js';

const PIPELINE = `version: 1
targets:
  a: { run: 'cat {input} > {output}', inputs: data/a.txt, outputs: out/a.txt }
  b: { run: 'cat {input} > {output}', inputs: a, outputs: out/b.txt }
  all: { run: 'cat {inputs.files} > {outputs.all}', inputs: { files: data/more/*.txt }, outputs: { all: out/all.txt } }
  tree: { run: 'ls {inputs.tree} > {outputs.names}', inputs: { tree: tree/ }, outputs: { names: out/names.txt } }
`;

async function dependents(t: ExecutionContext) {
  const project = tempProject(t, {
    'pipeline.yaml': PIPELINE,
    'data/a.txt': 'a',
    'data/more/m.txt': 'm',
    'tree/deep/x.txt': 'x',
  });
  const session = await openSession({ file: join(project.root, 'pipeline.yaml'), environment: {} });
  t.teardown(() => session.close());
  const found = new Dependents(session, join(project.root, 'program'));
  const at = (path: string): string => join(project.root, path);
  const of = (...paths: string[]): unknown => {
    const { project: whole, targets } = found.of(paths.map(at));
    return whole ? 'the project' : [...targets].sort();
  };
  const fits = (name: string): boolean => {
    const target = session.pipeline.targets.get(name);
    return target !== undefined && found.fits(target);
  };
  return { found, of, at, fits };
}

test('a change concerns the targets that read or make what is at the path, or what it is in', async (t) => {
  const { of } = await dependents(t);
  t.deepEqual(of('data/a.txt'), ['a']);
  t.deepEqual(of('out/a.txt'), ['a'], 'who needs that one is asked for');
  t.deepEqual(of('data/more/new.txt'), ['all']);
  t.deepEqual(of('tree/deep/y.txt'), ['tree']);
  t.deepEqual(of('data'), ['a', 'all'], 'a folder, with all that is in it');
  t.deepEqual(of('data/a.txt', 'tree/x'), ['a', 'tree']);
  t.deepEqual(of('notes.txt'), []);
  t.is(of('pipeline.yaml'), 'the project');
});

test('what is beside a database concerns also those that know it by a link', async (t) => {
  const project = tempProject(t, {
    'pipeline.yaml': `version: 1
targets:
  named: { run: 'echo {input} > {output}', inputs: data/a.db, outputs: out/named.txt }
  linked: { run: 'echo {input} > {output}', inputs: link.db, outputs: out/linked.txt }
`,
    'data/a.db': '',
  });
  symlinkSync('data/a.db', join(project.root, 'link.db'));
  const session = await openSession({ file: join(project.root, 'pipeline.yaml'), environment: {} });
  t.teardown(() => session.close());
  const { targets } = new Dependents(session, join(project.root, 'program')).of([join(project.root, 'data/a.db-wal')]);
  t.deepEqual([...targets].sort(), ['linked', 'named']);
});

test('what needs a target is concerned with it', async (t) => {
  const { found } = await dependents(t);
  t.deepEqual([...found.withReaders(['a'])].sort(), ['a', 'b']);
  t.deepEqual([...found.withReaders(['tree'])], ['tree']);
});

test('a target no longer fits whose inputs are gone or of another kind, or whose outputs a link leads elsewhere', async (t) => {
  const { at, fits, found } = await dependents(t);
  for (const name of ['a', 'b', 'all', 'tree']) t.true(fits(name), name);
  t.true(found.names(at('data/a.txt')));
  t.false(found.names(at('data/b.txt')));
  rmSync(at('data/a.txt'));
  t.false(fits('a'));
  mkdirSync(at('data/a.txt'));
  t.false(fits('a'), 'a folder where a file was');
  rmSync(at('tree'), { recursive: true });
  writeFileSync(at('tree'), '');
  t.false(fits('tree'), 'a file where a folder was');
  rmSync(at('data/more/m.txt'));
  t.false(fits('all'), 'a glob that matches nothing');
  symlinkSync(at('data'), at('out'));
  t.false(fits('b'));
});
