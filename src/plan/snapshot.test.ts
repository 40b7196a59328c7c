import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { checkSnapshot, compareSnapshot, type ComparedSnapshot } from './snapshot-compare.js';
import { encodeSnapshot, MANY_BYTES, snapshotSuffix } from './snapshot-format.js';
import { takeSnapshot, writeSnapshot, type SnapshotInput } from './snapshot.js';

// The times of everything in these projects are in the past of this clock, and nothing sleeps.
const LATER = { nowNs: BigInt(Date.now() + 86_400_000) * 1_000_000n, tickNs: 10_000_000n };

interface Project {
  readonly input: SnapshotInput;
  readonly base: string;
  at(name: string): string;
  check(change?: { words?: string[]; program?: string; environment?: NodeJS.ProcessEnv }): number | undefined;
}

/** A root with an input folder, an output, a link, an absent file and a name that is not ASCII; its snapshot written. */
function project(t: ExecutionContext, words: readonly string[] = []): Project {
  const root = tempFolder(t);
  const at = (name: string): string => join(root, name);
  for (const folder of ['cache', 'in', 'out']) mkdirSync(at(folder));
  writeFileSync(at('pipeline.yaml'), 'version: 1\n');
  for (const name of ['in/a', 'in/déjà 🎲', 'out/x']) writeFileSync(at(name), name);
  symlinkSync('a', at('in/link'));
  const input: SnapshotInput = {
    file: at('pipeline.yaml'),
    words,
    targets: 3,
    program: '/opt/vlmbuild/dist',
    coverage: {
      // The folder's absolute form must do as well: inputs may lie outside the root.
      stat: new Set(['pipeline.yaml', '.env', at('in'), 'in/a', 'in/déjà 🎲', 'in/link']),
      loaded: new Set(['pipeline.yaml', '.env']),
      lstat: new Set(['out/x']),
      environment: new Set(['SEED', 'UNSET']),
    },
    environment: { SEED: '1', OTHER: 'x' },
    loadedMs: Date.now() + 86_400_000,
    now: LATER,
  };
  const base = at('cache/snapshot');
  take({ input, base });
  return {
    input,
    base,
    at,
    check({ words: asked = [...words], program = input.program, environment = input.environment } = {}) {
      const identity = { root, file: 'pipeline.yaml', words: asked, program };
      return checkSnapshot(`${base}${snapshotSuffix(identity)}`, identity, environment);
    },
  };
}

function take({ input, base }: Pick<Project, 'input' | 'base'>): boolean {
  const snapshot = takeSnapshot(input);
  if (snapshot !== undefined) writeSnapshot(base, snapshot);
  return snapshot !== undefined;
}

test('where nothing has changed, it tells how many targets are fresh', (t) => {
  const p = project(t);
  t.is(p.check(), 3);
  t.is(p.check({ environment: { SEED: '1' } }), 3, 'what is not used does not count');
});

test('what was digested is covered with the times of then, whatever was written before the snapshot was taken', (t) => {
  const p = project(t);
  const times = statSync(p.at('in/a'));
  const digested = (path: string): typeof times | undefined => (path === p.at('in/a') ? times : undefined);
  t.true(take({ ...p, input: { ...p.input, digested } }));
  t.is(p.check(), 3);
  writeFileSync(p.at('in/a'), 'other');
  t.true(take({ ...p, input: { ...p.input, digested } }));
  t.is(p.check(), undefined);
  t.true(take(p));
  t.is(p.check(), 3);
});

test('what was young when it was digested is not trusted', (t) => {
  const p = project(t);
  const { ctimeMs, size, ino } = statSync(p.at('in/a'));
  const young = { mtimeMs: Number(LATER.nowNs) / 1e6, ctimeMs, size, ino };
  t.false(take({ ...p, input: { ...p.input, digested: () => young } }));
});

test('of paths that are the same, what a snapshot had of them makes the one that all of them would', (t) => {
  const p = project(t, ['dataset']);
  t.true(take({ ...p, input: { ...p.input, plan: { id: 1, fixed: new Set(['pipeline.yaml']), results: '' } } }));
  const { root, file } = { root: dirname(p.input.file), file: basename(p.input.file) };
  const identity = { root, file, words: ['dataset'], program: p.input.program };
  writeFileSync(p.at('in/a'), 'other');
  const before = compareSnapshot(`${p.base}${snapshotSuffix(identity)}`, identity, p.input.environment);
  t.is(before?.changed.length, 2, 'the file and a link to it');
  if (before === undefined) return;
  const { paths, fixed, followed, environment, targets, plan, times, text, changed } = before;
  const links = fixed + followed;
  const columns = {
    fixed: paths.slice(0, fixed),
    followed: paths.slice(fixed, links),
    unfollowed: paths.slice(links),
    ...{ environment, targets, plan, results: 'sha256:é' },
  };
  const encode = (known?: Parameters<typeof encodeSnapshot>[4]): Uint8Array =>
    encodeSnapshot(identity, columns, p.input.environment, Number(LATER.nowNs) / 1e6, known).bytes;
  t.deepEqual(encode({ known: { times, text, retaken: new Set(changed) } }), encode());
});

const CHANGES: Record<string, (p: Project) => void> = {
  'an input grows': (p) => writeFileSync(p.at('in/a'), 'longer'),
  'an input is written with the same bytes': (p) => writeFileSync(p.at('in/a'), 'in/a'),
  'an input has other bytes, and its time is put back': (p) => {
    const old = new Date(1_600_000_000_000);
    writeFileSync(p.at('in/a'), 'in/b');
    utimesSync(p.at('in/a'), old, old);
  },
  'an input is replaced by rename': (p) => {
    writeFileSync(p.at('cache/new'), 'in/a');
    renameSync(p.at('cache/new'), p.at('in/a'));
  },
  'an input is gone': (p) => rmSync(p.at('in/déjà 🎲')),
  'a file is new in a folder that was listed': (p) => writeFileSync(p.at('in/new'), ''),
  'what was absent is there': (p) => writeFileSync(p.at('.env'), ''),
  'a link leads elsewhere': (p) => {
    rmSync(p.at('in/link'));
    symlinkSync('déjà 🎲', p.at('in/link'));
  },
  'an output became a link to a file': (p) => {
    renameSync(p.at('out/x'), p.at('cache/x'));
    symlinkSync('../cache/x', p.at('out/x'));
  },
  'the pipeline file was touched': (p) => writeFileSync(p.at('pipeline.yaml'), 'version: 1\n'),
  'a folder gave way to a file': (p) => {
    rmSync(p.at('in'), { recursive: true });
    writeFileSync(p.at('in'), '');
  },
};
for (const [what, change] of Object.entries(CHANGES)) {
  test(`noticed: ${what}`, (t) => {
    const p = project(t);
    change(p);
    t.is(p.check(), undefined);
  });
}

/** More than are looked at before a folder is given up. */
const FILES = Array.from({ length: 900 }, (_, n) => `in/f${String(n).padStart(3, '0')}`);

/** A project of a large folder, and a comparison that names what differs. */
function largeFolder(t: ExecutionContext): Project & {
  compare(): Pick<ComparedSnapshot, 'fixed'> & Record<'changed' | 'came', readonly string[]>;
} {
  const p = project(t);
  for (const name of FILES) writeFileSync(p.at(name), name);
  const stat = new Set(['pipeline.yaml', 'in', ...FILES]);
  const plan = { id: 1, fixed: new Set(['pipeline.yaml']), results: '' };
  const input = { ...p.input, coverage: { ...p.input.coverage, stat }, plan };
  take({ input, base: p.base });
  const identity = { root: dirname(input.file), file: 'pipeline.yaml', words: [], program: input.program };
  return {
    ...p,
    compare() {
      const compared = compareSnapshot(`${p.base}${snapshotSuffix(identity)}`, identity, input.environment);
      const named = (places: readonly number[] = []): string[] => places.map((i) => compared?.paths[i] ?? '');
      return { fixed: compared?.fixed ?? 0, changed: named(compared?.changed), came: named(compared?.came) };
    },
  };
}

function touch(p: Project, names: readonly string[]): void {
  for (const name of names) utimesSync(p.at(name), 1, 1);
}

test('of a folder that was touched as a whole, and of a part of one, all that was touched has changed', (t) => {
  const whole = largeFolder(t);
  touch(whole, FILES);
  t.deepEqual(whole.compare().changed, FILES);
  const part = largeFolder(t);
  touch(
    part,
    FILES.filter((_, n) => n % 2 === 0),
  );
  t.deepEqual(
    part.compare().changed,
    FILES.filter((_, n) => n % 2 === 0),
  );
  const rest = largeFolder(t);
  touch(rest, FILES.slice(100));
  t.deepEqual(rest.compare().changed, FILES.slice(100));
});

test('a file that went from a folder that was touched is found to have gone, and one that is behind it to have changed', (t) => {
  const p = largeFolder(t);
  touch(p, FILES);
  const last = FILES.at(-1) ?? '';
  rmSync(p.at(last));
  writeFileSync(p.at('out/x'), 'another');
  const { changed, came } = p.compare();
  t.deepEqual(came, [last]);
  t.deepEqual(changed, ['in', ...FILES, 'out/x']);
});

test('environment, program and words are part of it', (t) => {
  const p = project(t, ['dataset', 'split']);
  t.is(p.check({ words: ['split', 'dataset', 'split'] }), 3, 'words are a set');
  t.is(p.check({ words: ['dataset'] }), undefined);
  t.is(p.check({ words: [] }), undefined);
  t.is(p.check({ program: '/elsewhere' }), undefined);
  t.is(p.check({ environment: {} }), undefined);
  t.is(p.check({ environment: { SEED: '2' } }), undefined);
  t.is(p.check({ environment: { SEED: '1', UNSET: '' } }), undefined, 'empty is not unset');
});

/** A project whose snapshot is large by the names of files that are not there. */
function longPaths(t: ExecutionContext): Project {
  const p = project(t);
  const absent = Array.from({ length: 2600 }, (_, n) => `${'long'.repeat(45)}/${n}`);
  const stat = new Set([...p.input.coverage.stat, ...absent]);
  take({ input: { ...p.input, coverage: { ...p.input.coverage, stat } }, base: p.base });
  return p;
}

for (const [size, make] of [
  ['small', project],
  ['large', longPaths],
] as const) {
  test(`a ${size} snapshot that was cut, overwritten or made by another version is ignored`, (t) => {
    const p = make(t);
    const path = `${p.base}${snapshotSuffix({ file: 'pipeline.yaml', words: [] })}`;
    const whole = readFileSync(path);
    t.is(whole.length >= MANY_BYTES, size === 'large');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        writeFileSync(path, whole);
        truncateSync(path, length);
        t.is(p.check(), undefined);
      }),
      { seed: 1, numRuns: 60 },
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (place, bits) => {
        const garbled = Buffer.from(whole);
        garbled[place] = (garbled[place] ?? 0) ^ bits;
        writeFileSync(path, garbled);
        t.is(p.check(), undefined);
      }),
      { seed: 2, numRuns: 200 },
    );
    writeFileSync(path, whole);
    t.is(p.check(), 3);
  });
}

test('what is younger than a tick is not trusted', (t) => {
  const p = project(t);
  const { newestMs } = takeSnapshot(p.input) ?? { newestMs: 0 };
  const newestNs = BigInt(Math.floor(newestMs * 1e6));
  const taken = (nowNs: bigint): boolean => take({ ...p, input: { ...p.input, now: { nowNs, tickNs: 10_000_000n } } });
  t.false(taken(newestNs + 9_000_000n));
  t.true(taken(newestNs + 12_000_000n));
});

test('a time of modification in the future is none of a write: what it is of is compared like everything else', (t) => {
  const p = project(t);
  const ahead = new Date(Date.now() + 7 * 86_400_000);
  const at = p.input.file;
  const { mtime } = statSync(at);
  utimesSync(at, ahead, ahead);
  t.true(take(p));
  t.is(p.check(), 3);
  utimesSync(at, mtime, mtime);
  t.is(p.check(), undefined);
});

test('the pipeline file or a rule that changed since it was read gives no snapshot', (t) => {
  const p = project(t);
  t.false(take({ ...p, input: { ...p.input, loadedMs: Date.now() - 86_400_000 } }));
});

test('several sets of words have their own; the newest are kept', (t) => {
  const p = project(t);
  const snapshots = (): string[] => readdirSync(dirname(p.base)).filter((name) => name.startsWith(basename(p.base)));
  for (let i = 0; i < 20; i++) take({ ...p, input: { ...p.input, words: [`target-${i}`] } });
  t.is(snapshots().length, 16);
  t.is(p.check({ words: ['target-19'] }), 3);
});
