import test from 'ava';
import { digestOf } from '../base/digest.js';
import { packParts, unpackParts } from './packed-parts.js';
import type { ListedPart } from './protocol.js';

test('parts come out as they went in, with what JSON cannot hold', (t) => {
  const parts: ListedPart[] = [
    { id: 'a', key: digestOf('a'), spec: null, slices: {} },
    {
      id: 'ä\u2028',
      key: digestOf('b'),
      spec: { deep: [1.5, '', { x: true }] },
      slices: {
        rows: {
          kind: 'sqlite',
          path: '/traces.db',
          digest: digestOf('slice'),
          queries: { one: { sql: 'SELECT ?, ?, ?', args: [2n ** 63n - 1n, -0, Infinity] } },
          results: { one: digestOf('one') },
        },
      },
    },
    {
      id: '{',
      key: digestOf('c'),
      spec: {},
      slices: {
        trace: {
          kind: 'sqlite',
          path: '/traces.db',
          digest: digestOf('slice'),
          queries: { rows: { table: 'events', by: 'id', values: [1, '9007199254740993'], columns: ['id'] } },
          results: { rows: digestOf('rows') },
          moment: 'a moment',
        },
      },
    },
  ];
  t.deepEqual([...unpackParts(packParts(parts))], parts);
  t.deepEqual([...unpackParts(packParts([]))], []);
});
