import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import test, { type ExecutionContext } from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { sha256 } from '../base/digest.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { CorruptObject, ObjectStore, type ObjectRef } from '../store/objects.js';
import { kindNamed } from './kinds.js';
import type { JoinedPart } from './joined-parts.js';
import type { InstallOptions } from './kind.js';
import { partsToJoin } from './parts-for-tests.js';

function rig(t: ExecutionContext): { at: string; objects: ObjectStore } {
  const at = tempFolder(t);
  mkdirSync(join(at, 'objects'));
  return { at, objects: new ObjectStore(join(at, 'objects')) };
}

const NOTHING_ASIDE: InstallOptions = {
  known: () => true,
  aside: (path) => {
    throw new Error(path);
  },
};

test('a file is kept, restored, delivered and joined by nobody', async (t) => {
  const { at, objects } = rig(t);
  const kind = kindNamed('file');
  const path = join(at, 'a.bin');
  const content = Buffer.alloc(9 << 20, 'abcdefg');
  writeFileSync(path, content);
  const record = await kind.keep(path, objects);
  t.deepEqual(record, {
    kind: 'file',
    digest: sha256(content),
    bytes: { sha256: sha256(content), size: content.length },
  });
  t.deepEqual(await kind.keep(path, null), record);
  t.is(await kind.digest(path), record.digest);
  await kind.restore(record, join(at, 'b.bin'), objects);
  t.true(readFileSync(join(at, 'b.bin')).equals(content));
  writeFileSync(join(at, 'c.bin'), 'old');
  await kind.deliver(record, join(at, 'c.bin'), objects, join(at, 'scratch'), NOTHING_ASIDE);
  t.true(readFileSync(join(at, 'c.bin')).equals(content));
  t.is(kind.join(partsToJoin([{ ...record, id: 'one' }]), null, objects, true), undefined);
  await t.throwsAsync(kind.restore({ ...record, bytes: { sha256: sha256('x'), size: 1 } }, join(at, 'd'), objects), {
    instanceOf: CorruptObject,
  });
});

test('a large file is replaced, and nothing is left of it', async (t) => {
  const { at } = rig(t);
  mkdirSync(join(at, 'stage'));
  mkdirSync(join(at, 'out'));
  const [staged, destination] = [join(at, 'stage', 'rows'), join(at, 'out', 'rows')];
  writeFileSync(destination, Buffer.alloc(17 << 20, 'a'));
  writeFileSync(staged, 'new');
  await kindNamed('jsonl').install(staged, destination, NOTHING_ASIDE);
  t.is(readFileSync(destination, 'utf8'), 'new');
  while (readdirSync(join(at, 'stage')).length > 0) await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(readdirSync(join(at, 'out')), ['rows']);
});

test('installing replaces what is there: a link itself, not its target; a folder goes aside', async (t) => {
  const { at } = rig(t);
  const kind = kindNamed('file');
  const staged = (text: string): string => {
    writeFileSync(join(at, 'staged'), text);
    return join(at, 'staged');
  };
  await kind.install(staged('1'), join(at, 'new', 'deep', 'out'), NOTHING_ASIDE);
  t.is(readFileSync(join(at, 'new', 'deep', 'out'), 'utf8'), '1');
  writeFileSync(join(at, 'target'), 'source');
  symlinkSync('target', join(at, 'link'));
  await kind.install(staged('2'), join(at, 'link'), NOTHING_ASIDE);
  t.deepEqual([readFileSync(join(at, 'target'), 'utf8'), readFileSync(join(at, 'link'), 'utf8')], ['source', '2']);
  mkdirSync(join(at, 'folder', 'inside'), { recursive: true });
  const report = await kind.install(staged('3'), join(at, 'folder'), {
    known: () => true,
    aside: (path) => renameSync(path, join(at, 'aside')),
  });
  t.deepEqual(report.aside, [join(at, 'folder')]);
  t.true(existsSync(join(at, 'aside', 'inside')));
  // A staged link becomes the file it leads to.
  symlinkSync('target', join(at, 'staged'));
  await kind.install(join(at, 'staged'), join(at, 'new', 'out'), NOTHING_ASIDE);
  t.is(readFileSync(join(at, 'new', 'out'), 'utf8'), 'source');
});

test('a folder, or nothing, where a file should be is told', async (t) => {
  const { at, objects } = rig(t);
  for (const name of ['file', 'jsonl', 'sqlite'] as const) {
    const absent = await t.throwsAsync(kindNamed(name).digest(join(at, 'none')), { instanceOf: UserFacingError });
    t.is(absent.diagnostics[0]?.code, 'VB701');
    const folder = await t.throwsAsync(kindNamed(name).keep(at, objects), { instanceOf: UserFacingError });
    t.is(folder.diagnostics[0]?.code, 'VB702');
  }
  writeFileSync(join(at, 'file'), '');
  const file = await t.throwsAsync(kindNamed('directory').digest(join(at, 'file')), { instanceOf: UserFacingError });
  t.is(file.diagnostics[0]?.code, 'VB702');
});

test('parts of JSONL join in order, stored as the list of their bytes', async (t) => {
  const { at, objects } = rig(t);
  const kind = kindNamed('jsonl');
  const keep = async (id: string, content: string): Promise<JoinedPart> => {
    writeFileSync(join(at, 'part'), content);
    return { ...(await kind.keep(join(at, 'part'), objects)), id };
  };
  const long = `${'x'.repeat(9 << 20)}\n`;
  const parts = [await keep('a', '1\n2\r\n'), await keep('b', ''), await keep('c', long), await keep('d', '\n')];
  const expected = `1\n2\r\n${long}\n`;
  const whole = await kind.join(partsToJoin(parts), join(at, 'whole'), objects, true);
  t.deepEqual(whole, {
    kind: 'jsonl',
    digest: sha256(expected),
    bytes: { sha256: sha256(expected), size: expected.length },
  });
  t.is(readFileSync(join(at, 'whole'), 'utf8'), expected);
  if (whole === undefined) return;
  t.true(kind.present(whole, objects));
  t.deepEqual(
    objects.members(whole.digest)?.map((member) => member.sha256),
    [parts[0], parts[2], parts[3]].map((part) => part?.digest),
  );
  await kind.restore(whole, join(at, 'again'), objects);
  t.is(readFileSync(join(at, 'again'), 'utf8'), expected);

  const none = await kind.join(partsToJoin([]), join(at, 'none'), objects, true);
  t.is(readFileSync(join(at, 'none'), 'utf8'), '');
  t.true(none !== undefined && kind.present(none, objects));
  const open = kind.join(partsToJoin([...parts, await keep('half', '{}')]), null, objects, true);
  const error = await t.throwsAsync(async () => open, { instanceOf: UserFacingError });
  t.regex(error.message, /`half`/);
});

test('parts of JSONL that lie next to each other in the store join, and each must end its last line', async (t) => {
  const { at, objects } = rig(t);
  const kind = kindNamed('jsonl');
  /** In one object, after bytes of another. */
  const packed = (contents: readonly string[]): JoinedPart[] => {
    const { sha256: blob } = objects.putBytes(Buffer.from(`other${contents.join('')}`));
    let from = 'other'.length;
    return contents.map((content, i) => {
      const bytes: ObjectRef = { sha256: sha256(content), size: content.length, inside: { blob, from } };
      from += content.length;
      return { kind: 'jsonl', digest: bytes.sha256, bytes, id: `part-${i}` };
    });
  };
  const [one, two] = [packed(['1\n', '', '22\n333\n', '']), packed(['4444\n', '5\n'])];
  const parts = [...one, ...two.toReversed(), ...one.slice(2)];
  const expected = '1\n22\n333\n5\n4444\n22\n333\n';
  const whole = await kind.join(partsToJoin(parts), join(at, 'whole'), objects, true);
  t.is(whole?.digest, sha256(expected));
  t.is(readFileSync(join(at, 'whole'), 'utf8'), expected);

  for (const contents of [
    ['1\n', '2', '3\n'],
    ['1\n', '\n2', ''],
  ]) {
    const open = async (): Promise<unknown> =>
      kind.join(partsToJoin([...one, ...packed(contents)]), null, objects, true);
    const error = await t.throwsAsync(open, { instanceOf: UserFacingError });
    t.regex(error.message, /`part-1`/);
  }
});

test('what two joins have in common at their head is checked as a whole, and damage in it is still told', async (t) => {
  const { at, objects } = rig(t);
  const kind = kindNamed('jsonl');
  const parts = Array.from({ length: 12 }, (_, i): JoinedPart => {
    const bytes = objects.putBytes(Buffer.from(`${String(i).repeat(400_000 + i)}\n`));
    return { kind: 'jsonl', digest: bytes.sha256, bytes, id: `part-${i}` };
  });
  const more = objects.putBytes(Buffer.from('more\n'));
  const last: JoinedPart = { kind: 'jsonl', digest: more.sha256, bytes: more, id: 'last' };
  const first = await kind.join(partsToJoin(parts), null, objects, true);
  // Appended; something in the midst is another; something at the head is.
  for (const now of [
    [...parts, last],
    [...parts.slice(0, 7), last, ...parts.slice(8)],
    [last, ...parts],
  ]) {
    const destination = join(at, `joined-${now.indexOf(last)}`);
    const expected = await kind.join(partsToJoin(now), null, objects, false);
    const joined = await kind.join(partsToJoin(now), destination, objects, false, first?.digest);
    t.deepEqual(joined, expected);
    t.is(await kind.digest(destination), expected?.digest ?? sha256(''));

    // Of the same length, which nothing but a digest tells.
    const damaged = parts[3]?.digest ?? sha256('');
    const blob = readFileSync(objects.pathOf(damaged));
    chmodSync(objects.pathOf(damaged), 0o644);
    writeFileSync(objects.pathOf(damaged), Buffer.from(blob).fill('x', 1000, 1001));
    rmSync(destination);
    const open = async (): Promise<unknown> => kind.join(partsToJoin(now), destination, objects, false, first?.digest);
    const error = await t.throwsAsync(open, { instanceOf: CorruptObject });
    t.is(error.digest, damaged);
    objects.putBytes(blob);
    rmSync(destination, { force: true });
  }
});

test('a staged database becomes one file, and what was beside the old one goes', async (t) => {
  const { at, objects } = rig(t);
  const kind = kindNamed('sqlite');
  const staged = join(at, 'staged.db');
  const writer = new Database(staged);
  writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)');
  const copied = join(at, 'copy.db');
  for (const suffix of ['', '-wal']) writeFileSync(copied + suffix, readFileSync(staged + suffix));
  writer.close();
  const record = await kind.keep(copied, objects);
  t.is(record.digest, await kind.digest(staged));
  t.deepEqual(
    readdirSync(at).filter((name) => name.startsWith('copy')),
    ['copy.db'],
  );

  const destination = join(at, 'out.db');
  for (const suffix of ['', '-wal', '-shm']) writeFileSync(destination + suffix, `old${suffix}`);
  await kind.install(copied, destination, NOTHING_ASIDE);
  t.is(await kind.digest(destination), record.digest);
  t.deepEqual(
    readdirSync(at).filter((name) => name.startsWith('out')),
    ['out.db'],
  );
  await kind.restore(record, join(at, 'restored.db'), objects);
  t.is(await kind.digest(join(at, 'restored.db')), record.digest);
});
