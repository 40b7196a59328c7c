import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { FileBehind } from './file-behind.js';

const folder = mkdtempSync(join(tmpdir(), 'vlmbuild-behind-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

test('what is written is what is there, though each piece changes once the next is taken', async (t) => {
  let files = 0;
  const sizes = fc.oneof(fc.nat(300), fc.nat(600_000), fc.constantFrom(0, 256 << 10, (256 << 10) - 1, 3 << 20));
  await fc.assert(
    fc.asyncProperty(fc.array(sizes, { maxLength: 12 }), async (all) => {
      const path = join(folder, String(files++));
      const file = new FileBehind(path);
      const pieces = all.map((size, index) => Buffer.alloc(size, index + 1));
      let before: Buffer | undefined;
      for (const piece of pieces) {
        const taken = Buffer.from(piece);
        await file.write(taken);
        before?.fill(0);
        before = taken;
      }
      await file.finish();
      t.true(readFileSync(path).equals(Buffer.concat(pieces)));
      rmSync(path);
    }),
    { seed: 1, numRuns: 40 },
  );
});

test('a full disk is told at the latest at the end; what is given up is closed', async (t) => {
  const full = new FileBehind('/dev/full');
  await full.write(Buffer.alloc(1 << 20));
  await t.throwsAsync(full.finish(), { code: 'ENOSPC' });
  await full.discard();
  const small = new FileBehind('/dev/full');
  await small.write(Buffer.alloc(10));
  await t.throwsAsync(small.finish(), { code: 'ENOSPC' });
  await small.discard();
  const given = new FileBehind(join(folder, 'given-up'));
  await given.write(Buffer.alloc(2 << 20));
  await given.discard();
  await given.discard();
  t.is(readFileSync(join(folder, 'given-up')).length, 2 << 20);
});
