import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { BufferedFile } from './buffered-file.js';

const folder = mkdtempSync(join(tmpdir(), 'buffered-'));
test.after.always(() => rmSync(folder, { recursive: true }));

/** About where pieces and their ends are, and anywhere. */
const length = fc.oneof(
  fc.nat(300),
  fc.nat(90_000),
  ...[1 << 14, 1 << 16, 1 << 18, 1 << 19].map((near) => fc.integer({ min: near - 2, max: near + 2 })),
  fc.nat(1_200_000),
);
const step = fc.record({ length, as: fc.constantFrom('bytes', 'bytes', 'bytes', 'text', 'path') });

test('what is written is in the file, or held, in order, however long the pieces are', (t) => {
  let number = 0;
  const path = join(folder, 'file');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.constantFrom(0, 1000, 1 << 17, 4 << 20), (steps, hold) => {
      const file = new BufferedFile(path, hold);
      const pieces: Buffer[] = [];
      try {
        for (const { length, as } of steps) {
          const piece = Buffer.alloc(length, `${number++}é`);
          // No half of a character, so that it is a text.
          const data = piece.toString();
          if (as === 'path') {
            file.toDisk();
            t.true(readFileSync(path).equals(Buffer.concat(pieces)));
          } else if (as === 'text') {
            file.writeText(data);
            pieces.push(Buffer.from(data));
          } else {
            file.write(piece);
            pieces.push(piece);
          }
        }
        const held = file.finish();
        const all = Buffer.concat(pieces);
        t.true((held ?? readFileSync(path)).equals(all));
        t.is(existsSync(path), held === undefined);
        t.true(held === undefined || held.length <= hold);
      } finally {
        file.discard();
        rmSync(path, { force: true });
      }
    }),
    { seed: 1, numRuns: 60 },
  );
});

test('nothing is written to a file that is closed', (t) => {
  const file = new BufferedFile(join(folder, 'closed'), 0);
  file.finish();
  t.throws(() => file.write(Buffer.alloc(1 << 20)), { message: 'the file is closed' });
  t.is(readFileSync(join(folder, 'closed')).length, 0);
});
