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
    '\n'.repeat(200_000),
  ]) {
    writer.clear();
    writer.jsonString(text);
    t.is(writer.line().toString(), JSON.stringify(text));
  }
});
