import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { sha256, type Digest } from '../base/digest.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { ObjectStore } from '../store/objects.js';
import { directoryKind } from './directory.js';
import type { InstallOptions, InstallReport } from './kind.js';
import { parseManifest, printManifest } from './manifest.js';
import { partsToJoin } from './parts-for-tests.js';

type Files = Readonly<Record<string, string>>;

interface Rig {
  readonly at: string;
  readonly objects: ObjectStore;
  readonly fresh: () => string;
}

function rig(t: ExecutionContext): Rig {
  const at = tempFolder(t);
  mkdirSync(join(at, 'objects'));
  let number = 0;
  return { at, objects: new ObjectStore(join(at, 'objects')), fresh: () => join(at, `fresh-${number++}`) };
}

/** Names that end in `*` are executable. */
function write(folder: string, files: Files): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name.replace('*', ''));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, name.endsWith('*') ? 0o755 : 0o644);
  }
  return folder;
}

function read(folder: string, prefix = ''): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
    const name = prefix + entry.name;
    if (entry.isDirectory()) {
      const below = read(folder, `${name}/`);
      if (Object.keys(below).length === 0) files[`${name}/`] = 'empty';
      Object.assign(files, below);
    } else
      files[name + ((statSync(join(folder, name)).mode & 0o100) === 0 ? '' : '*')] = readFileSync(
        join(folder, name),
        'utf8',
      );
  }
  return files;
}

/** Everything that is in the way was made here. */
const ALL_KNOWN: InstallOptions = {
  known: () => true,
  aside: (path) => {
    throw new Error(`unexpected: ${path}`);
  },
};

test('the digest is of names, exec bits and bytes, and of nothing else', async (t) => {
  const { fresh } = rig(t);
  const base = { 'a.txt': 'one', 'sub/b.txt': 'two' };
  const digest = await directoryKind.digest(write(fresh(), base));
  const same = write(fresh(), { 'sub/b.txt': 'two', 'a.txt': 'one', '.DS_Store': 'x', 'cache/y': 'z' });
  mkdirSync(join(same, 'empty'));
  utimesSync(join(same, 'a.txt'), 1, 1);
  t.is(await directoryKind.digest(same), digest);
  const others: Files[] = [
    { ...base, 'a.txt': 'One' },
    { 'A.txt': 'one', 'sub/b.txt': 'two' },
    { 'a.txt*': 'one', 'sub/b.txt': 'two' },
    { 'a.txt': 'one' },
    { 'a.txt': 'two', 'sub/b.txt': 'one' },
    { 'a.txt': 'one', 'sub\nb.txt': 'two' },
  ];
  for (const other of others) t.not(await directoryKind.digest(write(fresh(), other)), digest);
  t.is(digest, 'sha256:1c8b0bc9887d89f5f6a51aea37157edefec2e3872ff9d1e9b49349b2bfa76e0e');
});

test('a manifest reads back, names of any kind included', (t) => {
  const digest: Digest = `sha256:${'0'.repeat(64)}`;
  const names = ['z', 'a b', 'new\nline', '"quoted"', 'é/\u2028', '\\'];
  const entries = names.map((name, size) => ({ name, size, sha256: digest, executable: size % 2 === 0 }));
  const parsed = parseManifest(printManifest(entries));
  t.deepEqual(
    parsed.map((entry) => entry.name),
    ['"quoted"', '\\', 'a b', 'new\nline', 'z', 'é/\u2028'],
  );
  t.deepEqual(
    [...parsed].sort((a, b) => a.size - b.size),
    entries,
  );
  t.deepEqual(parseManifest(printManifest([])), []);
  for (const text of ['', 'vlmbuild directory 2\n', `${printManifest(entries).toString()}x`])
    t.throws(() => parseManifest(Buffer.from(text)));
});

test('what is kept is restored, and its absence noticed', async (t) => {
  const { at, objects, fresh } = rig(t);
  const files = { 'a.txt': 'one', 'deep/er/b*': 'two', 'empty.txt': '' };
  const staged = write(fresh(), files);
  const record = await directoryKind.keep(staged, objects);
  t.is(record.digest, await directoryKind.digest(staged));
  t.deepEqual(await directoryKind.keep(staged, null), record);
  const restored = fresh();
  await directoryKind.restore(record, restored, objects);
  t.deepEqual(read(restored), files);
  t.true(directoryKind.present(record, objects));
  const blob = objects.blobPath(sha256('two')) ?? '';
  rmSync(blob);
  t.false(directoryKind.present(record, objects));
  t.true(existsSync(at));
});

const names = fc.constantFrom('a', 'b', 'c.png', 'd/a', 'd/b', 'd/e/f', 'g/h');
const files = fc
  .dictionary(names, fc.constantFrom('1', '2', '22', '3'))
  .map((dictionary): Files => ({ ...dictionary }));

test('installing over anything gives exactly the staged directory, and leaves equal files alone', async (t) => {
  const { objects, fresh } = rig(t);
  const way = fc.constantFrom('install', 'deliver');
  await fc.assert(
    fc.asyncProperty(files, files, fc.boolean(), way, async (before, after, executable, how) => {
      const destination = write(fresh(), before);
      const staged = write(fresh(), executable ? rename(after, (name) => `${name}*`) : after);
      const stats = new Map(Object.keys(before).map((name) => [name, statSync(join(destination, name))]));
      const expected = read(staged);
      const report = await bring(how, staged, destination, objects, fresh());
      const equal = Object.keys(before).filter((name) => before[name] === after[name]);
      const untouched = equal.every((name) => {
        const now = statSync(join(destination, name));
        return now.ino === stats.get(name)?.ino && now.mtimeMs === stats.get(name)?.mtimeMs;
      });
      return (
        untouched &&
        JSON.stringify(Object.entries(read(destination)).sort()) === JSON.stringify(Object.entries(expected).sort()) &&
        report.kept === equal.length &&
        report.written === Object.keys(after).length - equal.length
      );
    }),
    { seed: 3, numRuns: 80 },
  );
  t.pass();
});

function rename(record: Files, change: (name: string) => string): Files {
  return Object.fromEntries(Object.entries(record).map(([name, content]) => [change(name), content]));
}

async function bring(
  how: string,
  staged: string,
  destination: string,
  objects: ObjectStore,
  scratch: string,
  options = ALL_KNOWN,
): Promise<InstallReport> {
  if (how === 'install') return directoryKind.install(staged, destination, options);
  const record = await directoryKind.keep(staged, objects);
  return directoryKind.deliver(record, destination, objects, scratch, options);
}

test('files that were not made here, or were edited, are moved aside first', async (t) => {
  for (const how of ['install', 'deliver']) {
    const { at, objects, fresh } = rig(t);
    const destination = write(fresh(), {
      kept: '1',
      edited: 'by hand',
      stale: 'old',
      foreign: 'mine',
      'sub/note': 'mine too',
    });
    symlinkSync('/etc', join(destination, 'link'));
    symlinkSync('kept', join(destination, 'replaced'));
    const known = new Set([sha256('old'), sha256('1')]);
    const aside = fresh();
    mkdirSync(aside);
    const report = await bring(
      how,
      write(fresh(), { kept: '1', edited: '2', replaced: '3' }),
      destination,
      objects,
      fresh(),
      {
        known: (digest) => known.has(digest),
        aside: (path) => renameSync(path, join(aside, path.slice(destination.length + 1).replaceAll('/', '+'))),
      },
    );
    t.deepEqual(read(destination), { edited: '2', kept: '1', replaced: '3' });
    t.deepEqual(readdirSync(aside).sort(), ['edited', 'foreign', 'link', 'replaced', 'sub+note']);
    t.is(readFileSync(join(aside, 'edited'), 'utf8'), 'by hand');
    t.deepEqual(report.aside.map((path) => path.slice(destination.length + 1)).sort(), [
      'edited',
      'foreign',
      'link',
      'replaced',
      'sub/note',
    ]);
    t.deepEqual([report.kept, report.written], [1, 2]);
    t.true(existsSync(at));
  }
});

test('files take the places of folders and folders those of files', async (t) => {
  const { objects, fresh } = rig(t);
  for (const how of ['install', 'deliver']) {
    const destination = write(fresh(), { a: '1', 'b/x': '2', 'b/y/z': '3' });
    await bring(how, write(fresh(), { 'a/x': '4', b: '5' }), destination, objects, fresh());
    t.deepEqual(read(destination), { 'a/x': '4', b: '5' });
  }
});

test('ignored names in an output directory stay; unfinished files of a killed build go', async (t) => {
  const { fresh } = rig(t);
  const destination = write(fresh(), { '.DS_Store': 'finder', '.vlmbuild-00ff': 'half', a: '1', 'old/b': '2' });
  await directoryKind.install(write(fresh(), { a: '2' }), destination, ALL_KNOWN);
  t.deepEqual(read(destination), { '.DS_Store': 'finder', a: '2' });
});

test('what links in a staged directory lead to is copied, and stays as it is', async (t) => {
  const { fresh, at } = rig(t);
  const source = write(join(at, 'source'), { 'a.txt': 'a', 'sub/b.txt': 'b', '.git/config': 'c' });
  mkdirSync(join(source, 'empty'));
  const staged = write(fresh(), { 'a real.txt': 'x' });
  symlinkSync(source, join(staged, 'folder'));
  symlinkSync('a real.txt', join(staged, 'inside'));
  const destination = fresh();
  await directoryKind.install(staged, destination, ALL_KNOWN);
  t.deepEqual(read(destination), { 'a real.txt': 'x', 'folder/a.txt': 'a', 'folder/sub/b.txt': 'b', inside: 'x' });

  const whole = fresh();
  symlinkSync(source, whole);
  const another = fresh();
  await directoryKind.install(whole, another, ALL_KNOWN);
  t.deepEqual(read(another), { 'a.txt': 'a', 'sub/b.txt': 'b' });
  t.true(lstatSync(another).isDirectory());

  t.deepEqual(read(source), { '.git/config': 'c', 'a.txt': 'a', 'empty/': 'empty', 'sub/b.txt': 'b' });
});

test('links in a staged directory are installed as the files they lead to', async (t) => {
  const { fresh } = rig(t);
  const staged = write(fresh(), { 'real.txt': 'x' });
  symlinkSync('real.txt', join(staged, 'link.txt'));
  const destination = join(fresh(), 'new', 'place');
  const digest = await directoryKind.digest(staged);
  await directoryKind.install(staged, destination, ALL_KNOWN);
  rmSync(join(destination, 'real.txt'));
  t.is(readFileSync(join(destination, 'link.txt'), 'utf8'), 'x');
  writeFileSync(join(destination, 'real.txt'), 'x');
  t.is(await directoryKind.digest(destination), digest);
  t.false(existsSync(staged));
});

test('parts join as the union of their entries', async (t) => {
  const { objects, fresh } = rig(t);
  const keep = async (id: string, content: Files) => ({
    ...(await directoryKind.keep(write(fresh(), content), objects)),
    id,
  });
  const parts = [
    await keep('one', { 'b/1': 'x', shared: 's' }),
    await keep('none', {}),
    await keep('two', { 'a*': 'y', 'b/0': 'z', shared: 's' }),
  ];
  const destination = fresh();
  const whole = await directoryKind.join(partsToJoin(parts), destination, objects, true);
  const union = { 'a*': 'y', 'b/0': 'z', 'b/1': 'x', shared: 's' };
  t.deepEqual(read(destination), union);
  t.is(whole?.digest, await directoryKind.digest(write(fresh(), union)));
  t.deepEqual(await directoryKind.join(partsToJoin(parts), null, objects, false), whole);
  if (whole !== undefined) t.true(directoryKind.present(whole, objects));

  const clashes: Files[] = [
    { shared: 'other' },
    { 'shared*': 's' },
    { 'shared/x': 's' },
    { b: 's' },
    { SHARED: 's' },
    { 'B/2': 's' },
  ];
  for (const clash of clashes) {
    const joined = directoryKind.join(partsToJoin([...parts, await keep('three', clash)]), fresh(), objects, true);
    const error = await t.throwsAsync(async () => joined, { instanceOf: UserFacingError });
    t.is(error.diagnostics[0]?.code, 'VB717');
    t.deepEqual(error.diagnostics[0]?.facts?.[1], ['second', 'three']);
  }
});
