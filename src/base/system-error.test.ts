import { constants } from 'node:os';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { systemErrorCode } from './system-error.js';

test('system errors have their names, those that Node does not know too', (t) => {
  const absent = t.throws(() => readFileSync('/not/there'));
  t.is(systemErrorCode(absent), 'ENOENT');
  const quota = Object.assign(new Error('Unknown system error'), {
    code: `Unknown system error ${String(-constants.errno.EDQUOT)}`,
    errno: -constants.errno.EDQUOT,
  });
  t.is(systemErrorCode(quota), 'EDQUOT');
});

test('other errors have none', (t) => {
  t.is(systemErrorCode(new Error('x')), undefined);
  t.is(systemErrorCode(Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' })), undefined);
  t.is(systemErrorCode(Object.assign(new Error('x'), { code: 'SQLITE_FULL' })), undefined);
  t.is(systemErrorCode('ENOENT'), undefined);
});
