import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import test from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { digestOf } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { Answers } from './answers.js';
import { OtherProcess } from './scratch-for-tests.js';

const question: Json = { model: 'm', messages: ['what is this?'] };
const digest = digestOf(question);

test('an answer stays, for its rule and its question', (t) => {
  const path = join(tempFolder(t), 'answers.db');
  const answers = Answers.open(path);
  t.is(answers.get('a/b', digest), undefined);
  t.deepEqual(answers.put('a/b', digest, question, { z: 1, a: null }), { z: 1, a: null });
  answers.close();
  const again = Answers.open(path);
  t.deepEqual(again.get('a/b', digest), { z: 1, a: null });
  t.is(again.get('a/other', digest), undefined);
  t.is(again.get('a/b', digestOf('another')), undefined);
  t.is(again.put('a/b', digestOf('null'), 'null', null), null);
  t.is(again.get('a/b', digestOf('null')), null);
  t.is(again.count(), 2);
  again.close();
});

test('of two answers to one question the first counts, unless it is asked anew', (t) => {
  const answers = Answers.open(join(tempFolder(t), 'answers.db'));
  t.teardown(() => answers.close());
  t.is(answers.put('r', digest, question, 'first'), 'first');
  t.is(answers.put('r', digest, question, 'second'), 'first');
  t.is(answers.put('r', digest, question, 'third', { replace: true }), 'third');
  t.is(answers.get('r', digest), 'third');
  t.is(answers.count(), 1);
});

test('an answer that was returned survives the death of its process', async (t) => {
  const path = join(tempFolder(t), 'answers.db');
  const other = new OtherProcess(
    t,
    `const { Answers } = await load('./answers.js');
     const answers = Answers.open(${JSON.stringify(path)});
     answers.put('r', ${JSON.stringify(digest)}, 'q', 'paid');
     answers.begin('r', 'sha256:open', 'q');
     answers.note('r', 'sha256:open', { file: 'f-1' });
     say('answered');
     await heard();`,
  );
  t.is(await other.says(), 'answered');
  await other.kill();
  const answers = Answers.open(path);
  t.teardown(() => answers.close());
  t.is(answers.get('r', digest), 'paid');
  t.deepEqual(answers.begin('r', 'sha256:open', 'q'), { status: 'open', answer: null, notes: [{ file: 'f-1' }] });
});

test('every commit is synced', (t) => {
  const folder = tempFolder(t);
  const answers = Answers.open(join(folder, 'answers.db'));
  t.teardown(() => answers.close());
  t.is(answers.durability(), 'FULL');
});

test('a bracket is new, then open until it ends or is abandoned', (t) => {
  const path = join(tempFolder(t), 'answers.db');
  const first = Answers.open(path);
  t.deepEqual(first.begin('r', digest, question), { status: 'new', answer: null, notes: [] });
  first.note('r', digest, 'uploaded');
  first.note('r', digest, { job: 7 });
  first.close();

  const second = Answers.open(path);
  t.deepEqual(second.begin('r', digest, question), { status: 'open', answer: null, notes: ['uploaded', { job: 7 }] });
  second.abandon('r', digest);
  t.deepEqual(second.notes('r', digest), []);
  second.note('r', digest, 'uploaded again');
  second.end('r', digest, { job: 8 });
  t.deepEqual(second.begin('r', digest, question), {
    status: 'answered',
    answer: { job: 8 },
    notes: ['uploaded again'],
  });
  t.deepEqual(second.get('r', digest), { job: 8 });
  t.throws(() => second.note('r', digest, 'late'), { message: /no open bracket/ });
  t.throws(() => second.abandon('r', digest), { message: /no open bracket/ });
  t.throws(() => second.end('r', digestOf('never begun'), 1), { message: /no open bracket/ });
  second.close();
});

test('processes that open a new file at once agree on it', async (t) => {
  const path = join(tempFolder(t), 'answers.db');
  const others = Array.from(
    { length: 3 },
    (_, i) =>
      new OtherProcess(
        t,
        `const { Answers } = await load('./answers.js');
         say('ready');
         await heard();
         const answers = Answers.open(${JSON.stringify(path)});
         for (let i = 0; i < 10; i++) answers.put('r', 'sha256:' + i, i, ${String(i)});
         answers.close();
         say('done');`,
      ),
  );
  for (const other of others) t.is(await other.says(), 'ready');
  for (const other of others) other.tell('go');
  for (const other of others) t.is(await other.says(), 'done');
  const answers = Answers.open(path);
  t.is(answers.count(), 10);
  answers.close();
});

test('answers that cannot be read are refused and left alone', (t) => {
  const path = join(tempFolder(t), 'answers.db');
  const answers = Answers.open(path);
  for (let i = 0; i < 100; i++) answers.put('r', digestOf(i), i, 'x'.repeat(1000));
  answers.close();
  truncateSync(path, 10_000);
  const left = readFileSync(path);
  const error = t.throws(() => Answers.open(path), { instanceOf: UserFacingError });
  t.is(error.diagnostics[0]?.code, 'VB506');
  t.true(readFileSync(path).equals(left));
  writeFileSync(path, 'no database at all, but long enough to be looked at'.repeat(100));
  t.throws(() => Answers.open(path), { instanceOf: UserFacingError, message: /cannot be read/ });
});

test('a file without content has lost it, and so has a -wal without its file', (t) => {
  const path = join(tempFolder(t), 'answers.db');
  const refused = (): string | undefined =>
    t.throws(() => Answers.open(path), { instanceOf: UserFacingError }).diagnostics[0]?.code;
  const answers = Answers.open(path);
  answers.put('r', digest, question, 'paid');
  const content = readFileSync(`${path}-wal`);
  t.true(content.length > 0);
  answers.close();
  truncateSync(path, 0);
  t.is(refused(), 'VB506');
  t.is(readFileSync(path).length, 0, 'left as it is');
  rmSync(path);
  writeFileSync(`${path}-wal`, content);
  t.is(refused(), 'VB506');
  t.deepEqual(readFileSync(`${path}-wal`), content, 'left for whoever can save it');
  rmSync(`${path}-wal`);
  const anew = Answers.open(path);
  t.is(anew.get('r', digest), undefined);
  anew.close();
});

test('answers of a newer vlmbuild are refused', (t) => {
  const path = join(tempFolder(t), 'answers.db');
  const database = new Sqlite(path);
  database.pragma('user_version = 99');
  database.close();
  const error = t.throws(() => Answers.open(path), { instanceOf: UserFacingError });
  t.is(error.diagnostics[0]?.code, 'VB505');
});

test('an answer in which a byte changed is refused, and can be asked anew', (t) => {
  const path = join(tempFolder(t), 'answers.db');
  const answers = Answers.open(path);
  t.teardown(() => answers.close());
  answers.put('r', digest, question, { score: 17 });
  answers.put('r', digestOf('other'), 'other', { score: 18 });
  answers.begin('r', digestOf('step'), 'step');
  answers.note('r', digestOf('step'), { job: 7 });
  const database = new Sqlite(path);
  database.exec(`UPDATE answers SET answer = replace(answer, '17', '16'); UPDATE notes SET note = '{"job":6}'`);
  database.close();
  const error = t.throws(() => answers.get('r', digest), { instanceOf: UserFacingError });
  t.is(error.diagnostics[0]?.code, 'VB510');
  t.throws(() => answers.notes('r', digestOf('step')), { instanceOf: UserFacingError });
  t.deepEqual(answers.get('r', digestOf('other')), { score: 18 });
  t.is(answers.put('r', digest, question, 'asked anew', { replace: true }), 'asked anew');
  t.is(answers.get('r', digest), 'asked anew');
});

test('answers of an older vlmbuild are taken over', (t) => {
  const path = join(tempFolder(t), 'answers.db');
  const answers = Answers.open(path);
  answers.put('r', digest, question, { score: 17 });
  answers.begin('r', digestOf('step'), 'step');
  answers.note('r', digestOf('step'), { job: 7 });
  answers.close();
  const database = new Sqlite(path);
  database.exec(
    'ALTER TABLE answers DROP COLUMN seal; ALTER TABLE notes DROP COLUMN seal; PRAGMA user_version = 1; VACUUM;',
  );
  database.close();
  for (let time = 0; time < 2; time++) {
    const again = Answers.open(path);
    t.deepEqual(again.get('r', digest), { score: 17 });
    t.deepEqual(again.begin('r', digestOf('step'), 'step'), { status: 'open', answer: null, notes: [{ job: 7 }] });
    again.close();
  }
});
