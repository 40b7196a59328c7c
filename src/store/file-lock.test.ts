import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { tryLockExistingFile, tryLockFile } from './file-lock.js';

test('a file in which something is written is locked all the same, and stays the same file', (t) => {
  const path = join(tempFolder(t), 'lock');
  writeFileSync(path, 'x'.repeat(5000));
  const { ino } = statSync(path);
  const lock = tryLockFile(path);
  t.truthy(lock);
  t.is(statSync(path).ino, ino, 'of another one, another process might hold the lock');
  t.is(tryLockFile(path), undefined);
  lock?.release();
  tryLockExistingFile(path)?.release();
});

test('who asks whether the lock of a file is held makes no file', (t) => {
  const path = join(tempFolder(t), 'lock');
  t.throws(() => tryLockExistingFile(path), { any: true, code: 'SQLITE_CANTOPEN' });
  t.false(existsSync(path));
});
