import test from 'ava';
import { Attribution } from './attribution.js';
import { FakeProject } from './fake-project.js';

test('a path belongs to those who read it, or what it lies in, and to the one who makes it', (t) => {
  const p = new FakeProject();
  p.targets = {
    frames: { rule: 'crafter/frames', outputs: { out: { path: 'out/frames', kind: 'directory' } } },
    all: {
      run: 'ls {inputs.files} {inputs.one} {inputs.again}',
      inputs: {
        files: { kind: 'directory', from: ['in/data'] },
        one: { from: ['in/data/sub/one.txt'] },
        again: { from: ['in/data/sub/one.txt'] },
      },
      outputs: { out: { path: 'out/all.txt' } },
    },
    sub: {
      run: 'ls {input}',
      inputs: { input: { kind: 'directory', from: ['in/data/sub'] } },
      outputs: { db: { path: 'out/sub.db', kind: 'sqlite' } },
    },
  };
  const attribution = new Attribution(p.graph.pipeline, ['frames', 'all', 'sub']);
  const expected: Record<string, string[]> = {
    'out/frames': ['frames'],
    'out/frames/0.png': ['frames'],
    'out/frames/deep/0.png': ['frames'],
    'out/all.txt': ['all'],
    'out/sub.db': ['sub'],
    'out/sub.db-wal': ['sub'],
    'out/other': [],
    out: [],
    'in/data': ['all'],
    'in/data/x': ['all'],
    'in/data/sub': ['all', 'sub'],
    'in/data/sub/x': ['all', 'sub'],
    'in/data/sub/one.txt': ['all', 'sub'],
    'in/database': [],
    '.': [],
    '/elsewhere/file': [],
  };
  // Twice: what was found of a folder is remembered.
  for (const path of [...Object.keys(expected), ...Object.keys(expected).reverse()])
    t.deepEqual([...attribution.of(path)].sort(), expected[path], path);
});
