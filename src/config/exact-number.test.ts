import test from 'ava';
import fc from 'fast-check';
import { exactNumber } from './exact-number.js';

test('what a double has is a number, what it would lose is none', (t) => {
  for (const text of ['0', '-0.0', '0e5', '12', '-1.50', '.5', '1e3', '1e300', '-1E+300', '1.7976931348623157e308']) {
    t.is(exactNumber(text), Number(text), text);
  }
  for (const text of ['5e-324', '9007199254740991', '123456789012345680000.0', '1e21', '4611686018427387904.0']) {
    t.is(exactNumber(text), Number(text), text);
  }
  for (const text of ['9007199254740993', '9007199254740993.0', '100000000000000000000', '1e400', '1e-400', '0.1e-400'])
    t.is(exactNumber(text), undefined, text);
  t.is(exactNumber('0x20000000000001', Number('0x20000000000001')), undefined);
  t.is(exactNumber('.inf', Infinity), undefined);
});

test('every double is read as it is written', (t) => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      if (Object.is(value, -0)) return;
      t.is(exactNumber(value.toExponential()), value);
      t.is(exactNumber(value.toExponential().toUpperCase()), value);
    }),
  );
});
