import test from 'ava';
import fc from 'fast-check';
import { Lines } from './lines.js';

function linesOf(chunks: readonly (Uint8Array | string)[]): readonly string[] {
  const given: string[] = [];
  const lines = new Lines((line) => given.push(line));
  for (const chunk of chunks) lines.add(chunk);
  lines.end();
  return given;
}

test('lines come out as they are, however the bytes were cut', (t) => {
  const word = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), fc.array(fc.nat(40)), (words, cuts) => {
      const bytes = Buffer.from(words.map((line) => `${line}\n`).join(''));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const cut of cuts) chunks.push(bytes.subarray(at, (at += cut)));
      chunks.push(bytes.subarray(at));
      t.deepEqual(linesOf(chunks), words);
    }),
  );
});

test('a last line needs no end, and a line may end in CRLF', (t) => {
  t.deepEqual(linesOf(['a\r\nb']), ['a', 'b']);
  t.deepEqual(linesOf(['a\r', '\nb\n']), ['a', 'b']);
});

test('of what a carriage return overwrote the last state counts', (t) => {
  t.deepEqual(linesOf(['10%\r20%', '\r30%\ndone\r']), ['30%', 'done']);
});

test('a line without an end does not gather', (t) => {
  const given = linesOf(Array.from({ length: 30 }, () => 'x'.repeat(10_000)));
  t.true(given.length > 3);
  t.is(given.join('').length, 300_000);
});
