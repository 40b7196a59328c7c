import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { sha256 } from '../base/digest.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type {
  FileInput,
  FileOutput,
  JsonlInput,
  JsonlOutput,
  DirectoryInput,
  DirectoryOutput,
  SqliteInput,
  SqliteOutput,
} from '../rule/roles.js';
import { ObjectStore } from '../store/objects.js';
import type { InputHandleByKind, OutputHandleByKind } from './handle-types.js';
import { openInput, openMade, openSlice, Readings, SliceChanged, sliceOf } from './handles.js';
import type { KindName } from './kind.js';
import { kindNamed } from './kinds.js';
import { all, codeOf, folder, input, NO_DIGEST, output, sessions } from './handles-for-tests.js';

/** The handles are what rules are promised: fails to compile where they are not. */
type Promised = {
  inputs: { file: FileInput; jsonl: JsonlInput; directory: DirectoryInput; sqlite: SqliteInput };
  outputs: { file: FileOutput; jsonl: JsonlOutput; directory: DirectoryOutput; sqlite: SqliteOutput };
};
export const inputsArePromised = (handles: InputHandleByKind): Promised['inputs'] => handles;
export const outputsArePromised = (handles: OutputHandleByKind): Promised['outputs'] => handles;

// ---- files ----

test('a file is written and read', async (t) => {
  const path = join(folder(t), 'a.txt');
  const { handle, finish } = output('file', path);
  await handle.write('first');
  await handle.write(Buffer.from('é'));
  finish();
  t.is(codeOf(await t.throwsAsync(handle.write('late'), { instanceOf: UserFacingError })), 'VB719');
  const read = input(t, 'file', path);
  t.is(await read.text(), 'é');
  t.deepEqual(Buffer.from(await read.bytes()), Buffer.from('é'));
});

// ---- JSONL ----

test('lines end at LF or CRLF; a last line without an end counts; rows pass over blank lines', async (t) => {
  const path = join(folder(t), 'a.jsonl');
  const cases: [string, string[]][] = [
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\r\n\r\nb\rc\n\n', ['a', '', 'b\rc', '']],
    ['\u2028\u0085\n', ['\u2028\u0085']],
  ];
  for (const [content, lines] of cases) {
    writeFileSync(path, content);
    t.deepEqual(await all(input(t, 'jsonl', path).lines()), lines);
    const bytes: string[] = [];
    for await (const line of input(t, 'jsonl', path).lineBytes()) bytes.push(Buffer.from(line).toString());
    t.deepEqual(bytes, lines);
  }
  writeFileSync(path, '{"a":1}\r\n\n  \n[2]\n3');
  t.deepEqual(await all(input(t, 'jsonl', path).rows()), [{ a: 1 }, [2], 3]);
  writeFileSync(path, '{}\n{"a":\n');
  const error = await t.throwsAsync(all(input(t, 'jsonl', path).rows()), { instanceOf: UserFacingError });
  t.is(error.message, `line 2 of \`${path}\` is not JSON`);
});

test('what is appended is what is read, whatever the sizes of lines', async (t) => {
  const at = folder(t);
  let number = 0;
  const line = fc.oneof(
    { weight: 8, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
    { weight: 2, arbitrary: fc.integer({ min: 10_000, max: 400_000 }).map((length) => 'é'.repeat(length)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(1 << 20, (1 << 20) - 1, 3 << 20, 5 << 20).map((length) => 'x'.repeat(length)),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(line, fc.boolean()), { maxLength: 12 }), async (items) => {
      const lines = items.map(([text, bytes]) => [text.replace(/[\r\n]/g, ' '), bytes] as const);
      const path = join(at, `${number++}.jsonl`);
      const { handle, finish } = output('jsonl', path);
      for (const [text, bytes] of lines) handle.append(bytes ? Buffer.from(text) : text);
      finish();
      const read = await all(input(t, 'jsonl', path).lines());
      let count = 0;
      for await (const line of input(t, 'jsonl', path).lineBytes()) {
        if (Buffer.compare(Buffer.from(read[count++] ?? ''), line) !== 0) return false;
      }
      rmSync(path);
      return (
        count === lines.length &&
        read.length === lines.length &&
        read.every((text, index) => text === lines[index]?.[0])
      );
    }),
    { seed: 6, numRuns: 40 },
  );
  t.pass();
});

test('a JSONL output is there even if nothing was appended; two lines in one are refused', (t) => {
  const at = folder(t);
  const { handle, finish } = output('jsonl', join(at, 'deep', 'a.jsonl'));
  t.is(codeOf(t.throws(() => handle.append('a\nb'), { instanceOf: UserFacingError })), 'VB715');
  t.is(codeOf(t.throws(() => handle.append(Buffer.from('a\n')), { instanceOf: UserFacingError })), 'VB715');
  finish();
  t.is(readFileSync(handle.path, 'utf8'), '');
  t.is(codeOf(t.throws(() => handle.append('late'), { instanceOf: UserFacingError })), 'VB719');
  t.is(codeOf(t.throws(() => handle.appendLines(Buffer.of()), { instanceOf: UserFacingError })), 'VB719');
});

test('many lines are appended as they are, the last one with an end', (t) => {
  const { handle, finish } = output('jsonl', join(folder(t), 'a.jsonl'));
  for (const lines of ['a\nb\n', '', 'c\r\n\nd', 'e']) handle.appendLines(Buffer.from(lines));
  finish();
  t.is(readFileSync(handle.path, 'utf8'), 'a\nb\nc\r\n\nd\ne\n');
});

test('blocks are read again elsewhere, and a changed one is noticed', async (t) => {
  const path = join(folder(t), 'a.jsonl');
  const lines = Array.from({ length: 3000 }, (_, index) => `{"id":${index},"pad":"${'p'.repeat(400)}"}`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  const blocks = await all(input(t, 'jsonl', path).blocks());
  t.true(blocks.length > 1);
  const texts: string[] = [];
  for (const block of blocks) {
    const opened = openSlice(structuredClone(sliceOf(block)), new Readings());
    if (opened.handle.kind !== 'jsonl') return t.fail();
    t.is(opened.handle.id, block.id);
    for (const [size, offset] of [
      [100, 0],
      [block.length, 7],
      [block.length, block.length - 3],
      [5, block.length],
    ] as const) {
      const some = Buffer.alloc(size, '-');
      const count = opened.handle.read(some, offset);
      t.is(count, Math.min(size, block.length - offset));
      const expected = readFileSync(path).subarray(block.offset + offset, block.offset + offset + count);
      t.true(some.equals(Buffer.concat([expected, Buffer.alloc(size - count, '-')])));
    }
    t.is(sha256(await opened.handle.bytes()), block.digest);
    texts.push(...(await all(opened.handle.lines())));
    t.deepEqual(await all(block.rows()), await all(opened.handle.rows()));
    opened.close();
  }
  t.deepEqual(texts, lines);

  const [first, last] = [blocks[0], blocks.at(-1)];
  writeFileSync(path, `${lines.join('\n').replace('"id":5,', '"id":6,')}\n`);
  if (first === undefined || last === undefined) return t.fail();
  const open = (block: object) => openSlice(sliceOf(block), new Readings()).handle as typeof first;
  await t.throwsAsync(open(first).bytes(), { instanceOf: SliceChanged });
  t.throws(() => open(first).read(Buffer.alloc(1), 0), { instanceOf: SliceChanged });
  await t.throwsAsync(all(open(first).rows()), { instanceOf: SliceChanged });
  await t.notThrowsAsync(all(open(last).lines()));
  // A rule that catches the error does not hide it.
  const careless = openSlice(sliceOf(first), new Readings());
  t.notThrows(careless.verify);
  await (careless.handle as typeof first).bytes().catch(() => undefined);
  t.throws(careless.verify, { instanceOf: SliceChanged });
  t.throws(() => sliceOf({ ...first }), { instanceOf: TypeError });
});

// ---- directories ----

test('names that lead outside, or are never part of a directory, are refused', async (t) => {
  const at = folder(t);
  const { handle } = output('directory', join(at, 'out'));
  symlinkSync(at, join(at, 'out', 'link'));
  symlinkSync(join(at, 'escaped'), join(at, 'out', 'leaf'));
  const bad = [
    '',
    '..',
    '../escaped',
    'a/../../escaped',
    '/escaped',
    'a//b',
    './a',
    'a/',
    'a\0b',
    'cache/x',
    'a/.git',
    '.vlmbuild-x',
  ];
  for (const name of [...bad, 'link/escaped', 'leaf', '\ud83d'])
    t.is(
      codeOf(await t.throwsAsync(handle.add(name, 'x'), { instanceOf: UserFacingError })),
      'VB718',
      JSON.stringify(name),
    );
  t.deepEqual(readdirSync(at), ['out']);
  await handle.add('a/b.txt', 'text');
  await handle.add('a/c', Buffer.from([1]));
  for (const name of ['a', 'a/b.txt/c']) await t.throwsAsync(handle.add(name, 'x'), { instanceOf: UserFacingError });
  t.is(readFileSync(join(at, 'out', 'a', 'b.txt'), 'utf8'), 'text');
});

test('a directory output that nothing was added to is an empty directory', (t) => {
  const path = join(folder(t), 'out');
  output('directory', path).finish();
  t.deepEqual(readdirSync(path), []);
});

test('a block is taken as it was listed only while its file is at the same moment, and not a young one', async (t) => {
  const old = 'package.json';
  const [block] = await all(input(t, 'jsonl', old).blocks());
  const slice = block === undefined ? undefined : sliceOf(block);
  if (slice?.kind !== 'jsonl' || slice.moment === undefined) return t.fail();
  const read = async (changed: Partial<typeof slice>) => {
    const opened = openSlice({ ...slice, ...changed }, new Readings());
    try {
      return opened.handle.kind === 'jsonl' ? Buffer.from(await opened.handle.bytes()).toString() : '';
    } finally {
      opened.close();
    }
  };
  const text = readFileSync(old, 'utf8');
  const readSome = (changed: Partial<typeof slice>) => {
    const opened = openSlice({ ...slice, ...changed }, new Readings());
    const some = Buffer.alloc(20);
    try {
      if (opened.handle.kind === 'jsonl') t.is(opened.handle.read(some, 5), 20);
      return some.toString();
    } finally {
      opened.close();
    }
  };
  // Another digest shows that nothing is digested.
  t.is(await read({ digest: NO_DIGEST }), text);
  t.is(readSome({ digest: NO_DIGEST }), text.slice(5, 25));
  const another = { moment: `${slice.moment}0` };
  t.is(readSome(another), text.slice(5, 25));
  await t.throwsAsync(read({ digest: NO_DIGEST, ...another }), { instanceOf: SliceChanged });
  t.throws(() => readSome({ digest: NO_DIGEST, ...another }), { instanceOf: SliceChanged });
  const copy = join(folder(t), 'copy.json');
  writeFileSync(copy, text.replace('vlmbuild', 'vlmbuilt'));
  await t.throwsAsync(read({ path: copy }), { instanceOf: SliceChanged });
  const [young] = await all(input(t, 'jsonl', copy).blocks());
  t.false('moment' in sliceOf(young ?? {}));
});

test('entries are read again elsewhere; their digest is of name and content; changes are noticed', async (t) => {
  const at = folder(t);
  for (const name of ['a.png', 'b.png']) writeFileSync(join(at, name), 'pixels');
  const entries = await all(input(t, 'directory', at).entries());
  t.deepEqual(
    entries.map((entry) => [entry.id, entry.size]),
    [
      ['a.png', 6],
      ['b.png', 6],
    ],
  );
  const [first, second] = entries;
  if (first === undefined || second === undefined) return t.fail();
  t.not(first.digest, second.digest);
  const open = () => {
    const opened = openSlice(structuredClone(sliceOf(first)), new Readings());
    return { ...opened, handle: opened.handle as typeof first };
  };
  const good = open();
  t.is(await good.handle.text(), 'pixels');
  t.is(readFileSync(good.handle.path, 'utf8'), 'pixels');
  t.notThrows(good.verify);
  writeFileSync(join(at, 'a.png'), 'pixelS');
  t.throws(good.verify, { instanceOf: SliceChanged });
  await t.throwsAsync(open().handle.bytes(), { instanceOf: SliceChanged });
  t.throws(() => open().handle.path, { instanceOf: SliceChanged });
  rmSync(join(at, 'a.png'));
  await t.throwsAsync(open().handle.text(), { instanceOf: SliceChanged });
});

test('remembered entries are taken where somebody has them', async (t) => {
  const entry = { name: 'x', executable: false, sha256: sha256('x'), size: 1 };
  const opened = openInput(
    { kind: 'directory', path: '/nowhere', digest: NO_DIGEST },
    { entries: async () => [entry] },
  );
  const [handle] = await all((opened.handle as InputHandleByKind['directory']).entries());
  t.is(handle?.name, 'x');
});

// ---- parts’ outputs ----

test('outputs of parts are read from the store, and copied only where a path is asked for', async (t) => {
  const at = folder(t);
  const scratch = join(at, 'scratch');
  mkdirSync(join(at, 'objects'));
  const objects = new ObjectStore(join(at, 'objects'));
  const made = async <K extends KindName>(kind: K, path: string): Promise<InputHandleByKind[K]> => {
    const opened = openMade(await kindNamed(kind).keep(path, objects), objects, scratch);
    t.teardown(() => opened.close());
    return opened.handle as InputHandleByKind[K];
  };
  writeFileSync(join(at, 'a'), 'one\ntwo\n');
  mkdirSync(join(at, 'd', 'sub'), { recursive: true });
  writeFileSync(join(at, 'd', 'sub', 'x.png'), 'pixels');
  sessions(join(at, 's.db'), [['a', 'one']]);

  const file = await made('file', join(at, 'a'));
  const rows = await made('jsonl', join(at, 'a'));
  const directory = await made('directory', join(at, 'd'));
  t.is(await file.text(), 'one\ntwo\n');
  t.deepEqual(await all(rows.lines()), ['one', 'two']);
  const [entry] = await all(directory.entries());
  t.is(await entry?.text(), 'pixels');
  t.false(existsSync(scratch));

  t.is(readFileSync(entry?.path ?? '', 'utf8'), 'pixels');
  t.regex(entry?.path ?? '', /sub\/x\.png$/);
  t.is(directory.path, directory.path);
  appendFileSync(file.path, 'scribble');
  t.is(await file.text(), 'one\ntwo\n');
  t.is((await all(rows.blocks())).length, 1);
  const database = await made('sqlite', join(at, 's.db'));
  t.is(database.open().prepare('SELECT x FROM e').pluck().get(), 'one');
  t.is([...database.slice({ q: { sql: 'SELECT x FROM e' } }).rows('q')].length, 1);
});
