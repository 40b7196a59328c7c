import test from 'ava';
import { LineWriter } from './line-writer.js';

test('a text is written as JSON wherever its pieces end', (t) => {
  const writer = new LineWriter();
  for (const text of [
    '',
    'a"\n\\',
    'é\ud83d',
    '\ud83d'.repeat(70_000),
    '😀'.repeat(70_000),
    `x${'😀'.repeat(70_000)}`,
    '\ufeff\n'.repeat(200_000),
  ]) {
    writer.clear();
    const bytes = Buffer.from(text);
    writer.jsonString(bytes);
    t.is(writer.line().toString(), JSON.stringify(bytes.toString()));
  }
});

test('bytes that are no UTF-8 are written as they are read', (t) => {
  const writer = new LineWriter();
  for (const bytes of [
    [0xff],
    [0x61, 0xe2, 0x82],
    [0xf0, 0x9f, 0x98],
    [0xed, 0xa0, 0x80],
    [0xc0, 0xaf, 0x22],
    [...Buffer.alloc(65_535, 'x'), 0xf0, 0x9f, 0x98, 0x80, 0xf0],
    [...Buffer.alloc(65_534, 'x'), 0xf0, 0x9f, 0x61],
  ]) {
    writer.clear();
    writer.jsonString(Buffer.from(bytes));
    t.is(writer.line().toString(), JSON.stringify(Buffer.from(bytes).toString()));
  }
});

test('characters are written as UTF-8', (t) => {
  const writer = new LineWriter();
  let expected = '';
  for (const point of [0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x1f600, 0x10ffff]) {
    writer.codePoint(point);
    expected += String.fromCodePoint(point);
  }
  writer.byte(0x61);
  t.is(writer.line().toString(), `${expected}a`);
});
