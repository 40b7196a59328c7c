import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { FakeProject } from './fake-project.js';
import { encodePlan, readPlan } from './plan-file.js';

/** `a` and `b`, which needs it, beside `c`; paths `src/a`, `out/a` and `src/c`. */
function written(t: ExecutionContext) {
  const project = new FakeProject();
  project.targets = {
    a: { run: 'cp {input} {output}', inputs: { input: { from: ['src/a'] } }, outputs: { output: { path: 'out/a' } } },
    b: {
      run: 'cp {input} {output}',
      inputs: { input: { from: ['a.output'] } },
      outputs: { output: { path: 'out/b' } },
    },
    c: { run: 'cp {input} {output}', inputs: { input: { from: ['src/c'] } }, outputs: { output: { path: 'out/c' } } },
  };
  const { graph } = project;
  const names = ['a', 'b', 'c'];
  const plan = encodePlan({ graph, wanted: names, names, readers: [[0], [0, 1], [2]] });
  const folder = tempFolder(t);
  const path = join(folder, 'plan');
  writeFileSync(path, plan.bytes);
  return { graph, path, ...plan };
}

test('a plan gives the wanted targets as they were, with the edges among them', (t) => {
  const { graph, path, id } = written(t);
  const plan = readPlan(path, id);
  t.deepEqual(plan?.withDependents([0]), [0, 1]);
  t.deepEqual(plan?.directlyNeeded([1]), [0]);
  t.deepEqual(plan?.readers.toLists(), [[0], [0, 1], [2]]);
  const part = plan?.graphOf([0, 1], '/p/pipeline.yaml', '/p');
  t.deepEqual(part?.pipeline.targets.get('b'), graph.pipeline.targets.get('b'));
  t.deepEqual([...(part?.pipeline.targets.keys() ?? [])], ['a', 'b']);
  t.deepEqual(part?.dependencies.get('b'), ['a']);
  t.is(readPlan(path, id + 1), undefined, 'another one');
  t.deepEqual(plan?.allNames(), new Set(['a', 'b', 'c']));
  const less = encodePlan({ graph, wanted: ['a'], names: ['a'], readers: [[0]] });
  writeFileSync(path, less.bytes);
  t.deepEqual(readPlan(path, less.id)?.allNames(), new Set(['a', 'b', 'c']));
});

test('the same plan for other paths has all else as it was', (t) => {
  const { path, id } = written(t);
  const next = readPlan(path, id)?.withReaders([[2]]);
  t.truthy(next);
  writeFileSync(path, next?.bytes ?? '');
  const plan = readPlan(path, next?.id ?? 0);
  t.deepEqual(plan?.readers.toLists(), [[2]]);
  t.deepEqual([...(plan?.graphOf([1, 2], '/p/pipeline.yaml', '/p')?.pipeline.targets.keys() ?? [])], ['b', 'c']);
});

test('wherever a byte of it is another one, nothing is built from it', (t) => {
  const { path, bytes, id } = written(t);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    writeFileSync(path, damaged);
    const plan = readPlan(path, id);
    t.is(plan?.graphOf([0, 1, 2], '/p/pipeline.yaml', '/p'), undefined, `byte ${at}`);
    t.is(plan?.withReaders([[0], [1], [2]]), undefined, `byte ${at}`);
  }
  for (const length of [0, 8, bytes.length >> 1, bytes.length - 1]) {
    writeFileSync(path, bytes.subarray(0, length));
    t.is(readPlan(path, id)?.graphOf([0, 1, 2], '/p/pipeline.yaml', '/p'), undefined, `${length} bytes`);
  }
});
