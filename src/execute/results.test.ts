import { mkdirSync } from 'node:fs';
import test from 'ava';
import { sha256 } from '../base/digest.js';
import { Index } from '../store/index-db.js';
import { ObjectStore, type ObjectRef } from '../store/objects.js';
import { scratchLayout } from '../store/scratch-for-tests.js';
import { pastRun, storeResults } from './results.js';

test('where the bytes of a past run are is told by the record of the key, as long as it is of the same result', (t) => {
  const layout = scratchLayout(t);
  mkdirSync(layout.objects, { recursive: true });
  const objects = new ObjectStore(layout.objects);
  const index = Index.open(layout);
  t.teardown(() => index.close());
  const [moved, other] = [sha256('moved'), sha256('other')];
  const at = (digest: typeof moved, blob: string): ObjectRef => ({
    sha256: digest,
    size: 5,
    inside: { blob: sha256(blob), from: 7 },
  });
  const record = (key: string, bytes: ObjectRef): void =>
    index.putAction({
      key: sha256(key),
      target: key,
      fingerprint: {},
      modules: {},
      outputs: { text: { kind: 'file', digest: bytes.sha256, bytes } },
      parts: null,
      seconds: 0,
      run: 'run',
      details: {},
    });
  record('a', at(moved, 'now'));
  record('b', at(other, 'now'));
  const result = (key: string) =>
    ({
      key: sha256(key),
      outputs: { text: { path: `out/${key}.txt`, kind: 'file', digest: moved, bytes: at(moved, 'then') } },
    }) as const;
  index.beginRun('run', 1, ['a', 'b', 'c'], {});
  index.endRun('run', 1, 'built', {}, storeResults(objects, { a: result('a'), b: result('b'), c: result('c') }));
  const { results } = pastRun({ index, objects }, 'last');
  t.deepEqual(
    Object.entries(results).map(([name, { outputs }]) => [name, outputs['text']?.bytes?.inside?.blob]),
    [
      ['a', sha256('now')],
      ['b', sha256('then')],
      ['c', sha256('then')],
    ],
  );
});
