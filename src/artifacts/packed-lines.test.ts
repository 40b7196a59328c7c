import test from 'ava';
import fc from 'fast-check';
import { PackedLines } from './packed-lines.js';

const line = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('\n', ' '));
const edit = fc.record({
  how: fc.constantFrom('replace', 'insert', 'delete'),
  place: fc.nat(),
  line: fc.oneof(line, fc.constant('long '.repeat(2000))),
});

test('lines that are replaced, added and deleted are those of a list, and so are their bytes', (t) => {
  const property = fc.property(fc.array(line), fc.array(edit, { maxLength: 30 }), (first, edits) => {
    const list = [...first];
    const packed = new PackedLines(list.length, (place) => list[place] ?? '');
    for (const { how, place: anywhere, line: text } of edits) {
      const place = anywhere % (how === 'insert' ? list.length + 1 : Math.max(1, list.length));
      if (how === 'insert') {
        list.splice(place, 0, text);
        packed.insert(place, text);
      } else if (list.length > 0 && how === 'replace') {
        list[place] = text;
        packed.replace(place, text);
      } else if (list.length > 0) {
        list.splice(place, 1);
        packed.delete(place);
      }
    }
    t.deepEqual(
      list.map((_, place) => packed.at(place)),
      list,
    );
    t.is(Buffer.from(packed.bytes).toString(), list.map((text) => `${text}\n`).join(''));
  });
  t.notThrows(() => fc.assert(property));
});
