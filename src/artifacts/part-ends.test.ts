import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sha256 } from '../base/digest.js';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { PartEnds } from './part-ends.js';
import { partsToJoin } from './parts-for-tests.js';

/** Neighbours that are short and long, and empty ones. */
const SIZES = Array.from({ length: 300 }, (_, n) => (n % 7 === 3 ? 0 : n % 50 === 0 ? 400_000 + n : 900 + 37 * n));

function textOf(n: number, size: number, end = '\n'): string {
  return size === 0 ? '' : String(n % 10).repeat(size - 1) + end;
}

function endsOf(texts: readonly string[]): PartEnds {
  return new PartEnds(
    partsToJoin(
      texts.map((text, n) => {
        const digest = sha256(text);
        return { kind: 'jsonl', digest, bytes: { sha256: digest, size: text.length }, id: `part ${n}` };
      }),
    ),
  );
}

test('a part without a line end is found in a file and in pieces, wherever it lies', (t) => {
  const path = join(tempFolder(t), 'rows.jsonl');
  const whole = SIZES.map((size, n) => textOf(n, size));
  writeFileSync(path, whole.join(''));
  t.notThrows(() => endsOf(whole).checkFile(path, whole.join('').length));
  for (const wrong of [0, 1, 2, 49, 50, 51, 177, 299]) {
    const texts = whole.with(wrong, textOf(wrong, SIZES[wrong] ?? 0, 'x'));
    const all = texts.join('');
    writeFileSync(path, all);
    const message = new RegExp(`\`part ${wrong}\``);
    t.throws(() => endsOf(texts).checkFile(path, all.length), { message });
    const pieces = endsOf(texts);
    const at = texts.slice(0, wrong).join('').length;
    t.notThrows(() => pieces.checkFile(path, at));
    t.throws(() => pieces.check(Buffer.from(all.slice(at))), { message });
  }
});

test('a file that is shorter than its parts is one whose part has no line end', (t) => {
  const path = join(tempFolder(t), 'rows.jsonl');
  writeFileSync(path, textOf(0, 1000));
  t.throws(() => endsOf([textOf(0, 1000), textOf(1, 1000)]).checkFile(path, 2000), { message: /`part 1`/ });
});
