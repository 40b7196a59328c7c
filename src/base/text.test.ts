import test from 'ava';
import { visible, visibleInLine } from './text.js';

test('control characters are seen, and not obeyed', (t) => {
  t.is(visible('a\u001b[31m\r\0\u007f\u009b\n\tö€'), 'a␛[31m␍␀␡\ufffd\n\tö€');
  t.is(visibleInLine('new\nline\t'), 'new␊line␉');
});
