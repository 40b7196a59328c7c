import test from 'ava';
import { graphDot, graphMermaid, graphTree, type GraphPicture } from './graph.js';

const picture: GraphPicture = {
  targets: [
    { name: 'traces', work: 'crafter/rollouts', state: 'fresh', inputs: [], outputs: ['traces.db'] },
    { name: 'full', work: 'sft/export', state: 'stale', inputs: ['traces'], outputs: ['full.jsonl'] },
    { name: 'dataset', work: 'sft/filter', state: 'waiting', inputs: ['full'], outputs: ['dataset.jsonl'] },
    { name: 'report', work: 'run', state: 'waiting', inputs: ['dataset', 'full'], outputs: ['report.md'] },
  ],
};

test('the tree starts where nothing else needs a target, and names what it met before', (t) => {
  t.is(
    graphTree(picture),
    [
      'report  run  waiting',
      '├─ dataset  sft/filter  waiting',
      '│  └─ full  sft/export  stale',
      '│     └─ traces  crafter/rollouts  fresh',
      '└─ full  sft/export  stale  (see above)',
    ].join('\n'),
  );
});

test('dot and mermaid have a node a target and an arrow an edge, from input to target', (t) => {
  const dot = graphDot(picture);
  t.is(dot.match(/fillcolor/g)?.length, 4);
  t.deepEqual(dot.match(/"\w+" -> "\w+"/g), [
    '"traces" -> "full"',
    '"full" -> "dataset"',
    '"dataset" -> "report"',
    '"full" -> "report"',
  ]);
  t.deepEqual(graphMermaid(picture).match(/t\d --> t\d/g), ['t0 --> t1', 't1 --> t2', 't2 --> t3', 't1 --> t3']);
});
