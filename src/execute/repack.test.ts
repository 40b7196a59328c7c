import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { digestOf, hexOf, sha256 } from '../base/digest.js';
import { IndexTables } from '../store/gc-index.js';
import { removeObjects, storedObjects } from '../store/gc-objects.js';
import { Index } from '../store/index-db.js';
import { ObjectStore, type ObjectRef } from '../store/objects.js';
import { Pack, type Packed } from '../store/pack.js';
import type { PartRecord } from '../store/records.js';
import { scratchLayout } from '../store/scratch-for-tests.js';
import { Marking } from './marking.js';
import { repack, sparseBlobs } from './repack.js';

const text = (n: number): string => `${n} `.repeat(20_000);
/** The one that is no part. */
const RESULT = 5;
const keyOf = (n: number) => digestOf({ part: n });
const outputOf = (bytes: ObjectRef): PartRecord['outputs'][string] => ({ kind: 'jsonl', digest: bytes.sha256, bytes });

/**
 * Forty parts in packs, of which every tenth is needed, by its row; a target's result beside them; and a list of two
 * neighbours that no row has.
 */
function project(t: ExecutionContext) {
  const layout = scratchLayout(t);
  mkdirSync(layout.objects, { recursive: true });
  const objects = new ObjectStore(layout.objects);
  const pack = new Pack(objects);
  const [packed, refs]: [Packed[], ObjectRef[]] = [[], []];
  const seal = (): void => {
    const place = pack.seal();
    refs.push(...packed.splice(0).map(place));
  };
  for (let n = 0; n < 40; n++) {
    if (pack.full) seal();
    packed.push(pack.add(Buffer.from(text(n))));
  }
  seal();
  const refAt = (n: number): ObjectRef => refs[n] ?? { sha256: sha256(''), size: 0 };
  const whole = { sha256: sha256(text(14) + text(15)), size: refAt(14).size + refAt(15).size };
  objects.putList([refAt(14), refAt(15)], whole);
  const index = Index.open(layout);
  t.teardown(() => index.close());
  const needed = [0, 10, 20, 30];
  for (const n of needed)
    index.putPart('target', { key: keyOf(n), outputs: { rows: outputOf(refAt(n)) }, meta: { n }, seconds: 0 });
  index.putAction({
    key: keyOf(RESULT),
    target: 'other',
    fingerprint: {},
    modules: {},
    outputs: { rows: outputOf(refAt(RESULT)) },
    parts: null,
    seconds: 0,
    run: 'run',
    details: {},
  });
  index.flush();
  const tables = new IndexTables(layout);
  t.teardown(() => tables.close());
  const mark = (): Marking => {
    const marking = new Marking(objects, storedObjects(layout));
    for (const { outputs } of [...tables.parts(), ...tables.actions()])
      for (const output of Object.values(outputs)) marking.output(output);
    marking.object(whole.sha256);
    return marking;
  };
  /** What a collection does with what nothing needs. */
  const sweep = (): void => {
    const marking = mark();
    removeObjects(
      layout,
      [...storedObjects(layout).keys()].filter((digest) => !marking.has(digest)),
    );
  };
  const size = (): number => [...storedObjects(layout).values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const check = (): void => {
    const fresh = new ObjectStore(layout.objects);
    const read = (ref: ObjectRef): string => Buffer.concat([...fresh.read(ref)]).toString();
    for (const { key, outputs, meta } of index.parts(needed.map(keyOf)).values()) {
      const n = Number(meta['n']);
      t.is(key, keyOf(n));
      t.true(outputs['rows'] !== undefined && read(outputs['rows'].bytes) === text(n));
    }
    t.is(index.parts(needed.map(keyOf)).size, needed.length);
    const result = index.action(keyOf(RESULT))?.outputs['rows'];
    t.true(result !== undefined && read(result.bytes) === text(RESULT));
    t.true(read(whole) === text(14) + text(15));
  };
  return { layout, objects, tables, mark, sweep, size, check, refAt };
}

test('what is needed of sparse blobs is moved together, and the rest goes', (t) => {
  const { objects, tables, mark, sweep, size, check } = project(t);
  sweep();
  const before = size();
  const batches = sparseBlobs(mark());
  t.is(batches.length, 1);
  for (const batch of batches) repack(batch, objects, tables);
  check();
  sweep();
  check();
  t.true(size() < before / 3, `${before} bytes before, ${size()} after`);
  t.deepEqual(sparseBlobs(mark()), [], 'once is enough');
});

test('one that is killed before the index knows has lost nothing, and the next does what was left', (t) => {
  const { objects, tables, mark, sweep, check } = project(t);
  const killed = {
    movePieces: () => {
      throw new Error('killed');
    },
  };
  for (const batch of sparseBlobs(mark())) t.throws(() => repack(batch, objects, killed), { message: 'killed' });
  check();
  sweep();
  check();
  for (const batch of sparseBlobs(mark())) repack(batch, objects, tables);
  sweep();
  check();
});

test('a blob that is needed as a whole too stays, and so does one that is damaged', (t) => {
  const { layout, objects, tables, mark, refAt } = project(t);
  const blob = refAt(0).inside?.blob ?? sha256('');
  const marking = mark();
  marking.object(blob);
  t.false(
    sparseBlobs(marking)
      .flat()
      .some((pieces) => pieces.blob === blob),
  );
  const batches = sparseBlobs(mark());
  rmSync(join(layout.objects, hexOf(blob).slice(0, 2), hexOf(blob).slice(2)));
  for (const batch of batches) repack(batch, objects, tables);
  const places = tables.parts().map(({ outputs }) => outputs['rows']?.bytes.inside?.blob);
  t.true(places.includes(blob));
});
