import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { sha256 } from '../base/digest.js';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { CorruptObject, ObjectStore } from '../store/objects.js';
import { JoinAhead, lastJoined } from './join-ahead.js';
import type { JoinedPart } from './joined-parts.js';
import type { ArtifactRecord } from './kind.js';
import { kindNamed } from './kinds.js';
import { partsToJoin } from './parts-for-tests.js';

const kind = kindNamed('jsonl');

/** Twelve parts of half a megabyte to five that were joined, and what came of it. */
async function rig(t: ExecutionContext) {
  const at = tempFolder(t);
  mkdirSync(join(at, 'objects'));
  const objects = new ObjectStore(join(at, 'objects'));
  const part = (text: string): JoinedPart => {
    const bytes = objects.putBytes(Buffer.from(text));
    return { kind: 'jsonl', digest: bytes.sha256, bytes, id: text.slice(0, 10) };
  };
  const parts = Array.from({ length: 12 }, (_, i) => part(`${String(i).repeat(400_000 + i)}\n`));
  const joined = async (now: readonly JoinedPart[], ahead?: JoinAhead, before?: ArtifactRecord) =>
    kind.join(partsToJoin(now), ahead === undefined ? null : join(at, 'joined'), objects, true, before?.digest, ahead);
  const first = await joined(parts);
  if (first === undefined) throw new Error('rows are joined');
  const path = join(at, 'ahead');
  const begin = (): JoinAhead => {
    const ahead = JoinAhead.begin(objects, lastJoined(objects, first.digest) ?? [], path);
    if (ahead === undefined) throw new Error('nothing is known of what was joined');
    return ahead;
  };
  const damage = ({ digest }: JoinedPart): void => {
    const blob = readFileSync(objects.pathOf(digest));
    chmodSync(objects.pathOf(digest), 0o644);
    writeFileSync(objects.pathOf(digest), blob.fill('x', 1000, 1001));
  };
  return { at, path, objects, part, parts, first, joined, begin, damage };
}

test('whatever becomes of the parts, what was written ahead is the head of what comes of them', async (t) => {
  const { at, path, objects, part, parts, first, joined, begin } = await rig(t);
  const more = part('more\n');
  for (const [n, now] of [
    [...parts, more],
    parts,
    [...parts.slice(0, 7), more, ...parts.slice(8)],
    [...parts.slice(0, 2), ...parts.slice(3)],
    [more, ...parts],
    [more],
    [],
  ].entries()) {
    const expected = await joined(now);
    for (const when of ['at once', 'when all is written']) {
      const ahead = begin();
      if (when !== 'at once') await ahead.written;
      t.deepEqual(await joined(now, ahead, first), expected, `${n}, ${when}`);
      t.is(await kind.digest(join(at, 'joined')), expected?.digest ?? sha256(''), `${n}, ${when}`);
      t.false(existsSync(path));
      await ahead.drop();
      t.true(existsSync(join(at, 'joined')), 'it is no longer its own');
      rmSync(join(at, 'joined'));
      // What follows finds as much of it proven as if it had been joined from the parts.
      if (now.length > 10) t.true(objects.members(expected?.digest ?? sha256(''))?.some(({ through }) => through));
    }
  }
});

test('of a result that is damaged in the store nothing is believed beyond what is proven', async (t) => {
  const { at, parts, part, first, joined, begin, damage } = await rig(t);
  const now = [...parts, part('more\n')];
  const [, , , , , , sixth] = parts;
  if (sixth === undefined) return t.fail();
  damage(sixth);
  const ahead = begin();
  const error = await t.throwsAsync(joined(now, ahead, first), { instanceOf: CorruptObject });
  t.is(error.digest, sixth.digest);
  await ahead.drop();
  rmSync(join(at, 'joined'), { force: true });
  // Where that one is not wanted, the others are joined.
  const without = now.filter((one) => one !== sixth);
  const again = begin();
  const made = await joined(without, again, first);
  t.is(await kind.digest(join(at, 'joined')), made?.digest ?? sha256(''));
  t.deepEqual(await joined(without), made);
});

test('what nobody wants leaves no file, and what was never joined is not written ahead', async (t) => {
  const { at, path, objects, begin } = await rig(t);
  const ahead = begin();
  await ahead.drop();
  t.deepEqual(readdirSync(at), ['objects']);
  t.is(await ahead.take([], `${path}.taken`), undefined);
  const whole = objects.putBytes(Buffer.alloc(9 << 20, 'abc'));
  t.is(lastJoined(objects, whole.sha256), undefined);
  t.deepEqual(lastJoined(objects, sha256('unknown')), []);
});

test('no more is written than it is known that the join begins with', async (t) => {
  const { path, parts, part, first, joined, begin } = await rig(t);
  const now = [...parts.slice(0, 3), part('other\n'), ...parts.slice(4)];
  const ahead = begin();
  ahead.expect(partsToJoin(now.slice(0, 4)).extents().slice(0, -1));
  await ahead.written;
  const written = statSync(`${path}.whole`).size;
  t.true(written > 400_000 && written <= 3 * 400_010, String(written));
  t.deepEqual(await joined(now, ahead, first), await joined(now));

  // What is expected need not come.
  const wrong = begin();
  wrong.expect(partsToJoin(parts.slice(0, 2)).extents());
  t.deepEqual(await joined(parts, wrong, first), await joined(parts));
  const longer = begin();
  await longer.written;
  t.deepEqual(
    await joined([...parts.slice(0, 1), ...parts], longer, first),
    await joined([...parts.slice(0, 1), ...parts]),
  );
});

test('where it cannot be written, all is joined in its turn', async (t) => {
  const { at, path, objects, part, parts, first, joined } = await rig(t);
  const now = [...parts, part('more\n')];
  const expected = await joined(now);
  symlinkSync('/dev/full', path);
  const ahead = JoinAhead.begin(objects, lastJoined(objects, first.digest) ?? [], path);
  await ahead?.written;
  t.false(existsSync(path), 'what it has of the room it gives back at once');
  t.deepEqual(await joined(now, ahead, first), expected);
  t.is(await kind.digest(join(at, 'joined')), expected?.digest ?? sha256(''));
  t.is(JoinAhead.begin(objects, [], join(path, 'nowhere')), undefined);
});

test('a part without a line end is told of, though its bytes were joined before as those of others', async (t) => {
  const { objects, part, joined, path } = await rig(t);
  const text = Buffer.from(`${'a'.repeat(1_500_000)}\n${'b'.repeat(1_500_000)}\n`);
  const blob = objects.putBytes(text);
  const piece = (from: number, end: number): JoinedPart => {
    const digest = sha256(text.subarray(from, end));
    const bytes = { sha256: digest, size: end - from, inside: { blob: blob.sha256, from } };
    return { kind: 'jsonl', digest, bytes, id: String(from) };
  };
  const more = part('more\n');
  const before = await joined([piece(0, 1_500_001), piece(1_500_001, text.length), more]);
  const now = [piece(0, 1_000_000), piece(1_000_000, text.length), more];
  const ahead = JoinAhead.begin(objects, lastJoined(objects, before?.digest ?? sha256('')) ?? [], path);
  t.truthy(ahead);
  await t.throwsAsync(joined(now, ahead, before), { message: /line/ });
});

test('parts that are told of while it writes follow what was joined before, as far as they turn out right', async (t) => {
  const { at, path, objects, parts, part, first, joined, begin } = await rig(t);
  const more = Array.from({ length: 6 }, (_, n) => part(`${'m'.repeat(700_000 + n)}\n`));
  const other = part(`${'o'.repeat(300_000)}\n`);
  const fresh = (): JoinAhead => {
    const ahead = JoinAhead.begin(objects, [], path);
    if (ahead === undefined) throw new Error('a file can be written here');
    return ahead;
  };
  for (const [start, expected, now] of [
    [fresh, [more], more],
    [fresh, [more.slice(0, 2), more.slice(0, 5)], more],
    [fresh, [more], [...more.slice(0, 4), other, ...more.slice(4)]],
    [fresh, [more], [other]],
    [begin, [parts, [...parts, ...more.slice(0, 3)]], [...parts, ...more]],
    [
      begin,
      [parts.slice(0, 4), [...parts.slice(0, 4), other, ...parts.slice(4)]],
      [...parts.slice(0, 4), other, ...parts.slice(4), ...more],
    ],
    [begin, [[...parts, ...more], more.slice(0, 2)], [...parts.slice(0, 3), other, ...more]],
  ] as const) {
    const wanted = await joined(now);
    for (const when of ['at once', 'one after the other']) {
      const ahead = start();
      for (const told of expected) {
        ahead.expect(partsToJoin(told).extents());
        const written = ahead.writeOn();
        if (when !== 'at once') await written;
      }
      t.deepEqual(await joined(now, ahead, first), wanted);
      t.is(await kind.digest(join(at, 'joined')), wanted?.digest ?? sha256(''));
      t.false(existsSync(path));
      rmSync(join(at, 'joined'));
    }
  }
});

test('a part that is damaged when it is to be written on is not, and whoever joins is told of it', async (t) => {
  const { path, objects, parts, joined, damage } = await rig(t);
  const [, , third] = parts;
  if (third === undefined) return t.fail();
  const ahead = JoinAhead.begin(objects, [], path);
  ahead?.expect(partsToJoin(parts).extents());
  damage(third);
  await ahead?.writeOn();
  t.false(existsSync(path));
  const error = await t.throwsAsync(joined(parts, ahead), { instanceOf: CorruptObject });
  t.is(error.digest, third.digest);
});
