import test from 'ava';
import { randomBytes } from '../../test/random-bytes.js';
import { sha256 } from '../base/digest.js';
import { endOfExtent, EXTENT_BYTES } from './cut.js';

function extentsOf(bytes: Uint8Array): string[] {
  const extents: string[] = [];
  for (let from = 0; from < bytes.length;) {
    const end = endOfExtent(bytes, from);
    extents.push(sha256(bytes.subarray(from, end)));
    from = end;
  }
  return extents;
}

const unlike = (a: readonly string[], b: readonly string[]): number => a.filter((extent) => !b.includes(extent)).length;

test('what is inserted, removed or appended changes the extents around it and no others', (t) => {
  const bytes = randomBytes(7, 24 * 1024 * 1024);
  const before = extentsOf(bytes);
  t.true(before.length > 30 && before.length < 75, `${before.length} extents of 24 MiB`);
  const some = randomBytes(8, 1000);
  const middle = 9 * 1024 * 1024;
  const edits = {
    inserted: Buffer.concat([bytes.subarray(0, middle), some, bytes.subarray(middle)]),
    removed: Buffer.concat([bytes.subarray(0, middle), bytes.subarray(middle + 1000)]),
    prepended: Buffer.concat([some, bytes]),
    appended: Buffer.concat([bytes, some]),
  };
  for (const [name, edited] of Object.entries(edits)) {
    const count = unlike(extentsOf(edited), before);
    t.true(count >= 1 && count <= 6, `${name}: ${count} of ${before.length} extents are new`);
  }
});

test('an extent is never longer than a blob may be, and never empty', (t) => {
  for (const bytes of [
    new Uint8Array(9 * 1024 * 1024),
    new Uint8Array(9 * 1024 * 1024).fill(0x61),
    new Uint8Array(1),
  ]) {
    for (let from = 0; from < bytes.length;) {
      const end = endOfExtent(bytes, from);
      t.true(end > from && end - from <= EXTENT_BYTES);
      from = end;
    }
  }
});

test('where files are cut stays as it is: stored lists go by it', (t) => {
  const bytes = randomBytes(7, 8 * 1024 * 1024);
  const ends: number[] = [];
  for (let from = 0; from < bytes.length && ends.length < 4;) {
    from = endOfExtent(bytes, from);
    ends.push(from);
  }
  t.deepEqual(ends, [430_288, 1_467_077, 1_834_427, 3_175_772]);
});
