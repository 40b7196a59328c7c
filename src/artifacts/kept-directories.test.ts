import {
  chmodSync,
  linkSync,
  mkdirSync,
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
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { StatRecord } from '../store/records.js';
import { ArtifactDigester } from './digester.js';
import { KeptDirectories } from './kept-directories.js';

interface Rig {
  readonly folder: string;
  readonly kept: KeptDirectories;
  /** Files whose bytes were read since it was last emptied. */
  readonly read: string[];
  /** With what is kept; or as another process sees it. */
  readonly open: (how: 'kept' | 'plain') => ArtifactDigester;
  readonly put: (name: string, content: string) => void;
}

const DIRECTORY = 'data';

/** The clock is far ahead, so that every file is old enough to be believed by its stat. */
function rig(t: { teardown(call: () => void): void }): Rig {
  const root = tempFolder(t);
  const folder = join(root, DIRECTORY);
  mkdirSync(folder);
  const kept = new KeptDirectories();
  const read: string[] = [];
  let written = 0;
  return {
    folder,
    kept,
    read,
    open: (how) => {
      const records = new Map<string, StatRecord>();
      return new ArtifactDigester({
        root,
        index: {
          statRecord: (path, kind) => records.get(`${kind}:${path}`),
          putStatRecord: (path, kind, record) => void records.set(`${kind}:${path}`, record),
        },
        trust: 'stat',
        clock: () => ({ nowNs: BigInt(Date.now()) * 1_000_000n + 10n ** 15n, tickNs: 1n }),
        ...(how === 'kept' ? { kept } : {}),
        onHash: (paths) => void read.push(...paths.map((path) => path.slice(folder.length + 1))),
      });
    },
    put: (name, content) => {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
      // Times that differ however fast this is.
      const seconds = 1_000_000_000 + written++;
      utimesSync(join(folder, name), seconds, seconds);
    },
  };
}

async function agrees(t: ExecutionContext, { open }: Rig, digester: ArtifactDigester): Promise<void> {
  const truth = open('plain');
  t.is(await digester.digest(DIRECTORY, 'directory'), await truth.digest(DIRECTORY, 'directory'));
  t.deepEqual(await digester.entries(DIRECTORY), await truth.entries(DIRECTORY));
}

test('what is not doubted is not looked at; what is, alone', async (t) => {
  const project = rig(t);
  const { folder, kept, read, put } = project;
  for (const name of ['a', 'b', 'sub/c']) put(name, name);
  const digester = project.open('kept');
  const first = await digester.digest(DIRECTORY, 'directory');
  read.length = 0;
  put('b', 'another');
  t.is(digester.known(DIRECTORY, 'directory'), first);
  kept.doubt(join(folder, 'b'));
  t.is(digester.known(DIRECTORY, 'directory'), undefined);
  t.not(await digester.digest(DIRECTORY, 'directory'), first);
  t.deepEqual(read, ['b']);
  t.is(digester.known(DIRECTORY, 'directory'), await digester.digest(DIRECTORY, 'directory'));
  await agrees(t, project, digester);
});

test('two who ask at once get the same, and neither what was before', async (t) => {
  const project = rig(t);
  const { folder, kept, put } = project;
  for (const name of ['a', 'b', 'c']) put(name, name);
  const [one, other] = [project.open('kept'), project.open('kept')];
  const before = await one.digest(DIRECTORY, 'directory');
  for (const name of ['a', 'c']) {
    put(name, `${name} again`);
    kept.doubt(join(folder, name));
  }
  const asked = one.digest(DIRECTORY, 'directory');
  t.is(other.known(DIRECTORY, 'directory'), undefined);
  const digests = await Promise.all([asked, other.digest(DIRECTORY, 'directory')]);
  t.is(digests[0], digests[1]);
  t.not(digests[0], before);
  await agrees(t, project, one);
});

test('what is doubted while a directory is read stays doubted', async (t) => {
  const project = rig(t);
  const { folder, kept, put } = project;
  put('a', 'one');
  const digester = project.open('kept');
  const reading = digester.digest(DIRECTORY, 'directory');
  kept.doubt(join(folder, 'a'));
  await reading;
  t.is(digester.known(DIRECTORY, 'directory'), undefined);
  await agrees(t, project, digester);
  // The folder itself may be another one.
  const again = project.open('kept');
  kept.clear();
  const second = again.digest(DIRECTORY, 'directory');
  kept.doubt(folder);
  await second;
  t.is(kept.get(folder), undefined);
});

test('a change that nobody told is found when every file is looked at again', async (t) => {
  const project = rig(t);
  const { folder, put } = project;
  for (const name of ['a', 'b']) put(name, name);
  const digester = project.open('kept');
  await digester.digest(DIRECTORY, 'directory');
  digester.recheck(DIRECTORY, 'directory');
  t.not(digester.known(DIRECTORY, 'directory'), undefined);
  put('b', 'c');
  digester.recheck(DIRECTORY, 'directory');
  await agrees(t, project, digester);
  put('new', 'new');
  digester.recheck(DIRECTORY, 'directory');
  await agrees(t, project, digester);
  rmSync(join(folder, 'a'));
  digester.recheck(DIRECTORY, 'directory');
  await agrees(t, project, digester);
});

test('a file that can be written under another name is not kept', async (t) => {
  const project = rig(t);
  const { folder, kept, put } = project;
  put('a', 'a');
  put('../elsewhere', 'x');
  const digester = project.open('kept');
  await digester.digest(DIRECTORY, 'directory');
  t.truthy(kept.get(folder));
  linkSync(join(folder, '../elsewhere'), join(folder, 'hard'));
  kept.doubt(join(folder, 'hard'));
  await agrees(t, project, digester);
  t.is(kept.get(folder), undefined);
  rmSync(join(folder, 'hard'));
  symlinkSync('../elsewhere', join(folder, 'soft'));
  await agrees(t, project, digester);
  t.is(kept.get(folder), undefined);
});

test('names that are one name elsewhere are refused as ever', async (t) => {
  const project = rig(t);
  const { folder, kept, put } = project;
  put('Frame', 'a');
  const digester = project.open('kept');
  await digester.digest(DIRECTORY, 'directory');
  put('frame', 'b');
  kept.doubt(join(folder, 'frame'));
  await t.throwsAsync(digester.digest(DIRECTORY, 'directory'), { instanceOf: UserFacingError });
  rmSync(join(folder, 'frame'));
  kept.doubt(join(folder, 'frame'));
  await agrees(t, project, digester);
});

const NAMES = ['a', 'b', 'é', '\u{1F600}', 'sub/a', 'sub/deep/b', 'sub', 'other/a', '.DS_Store', 'z z'];

interface Edit {
  readonly name: string;
  readonly other: string;
  readonly how: 'write' | 'remove' | 'rename' | 'mode' | 'touch';
}

const edits = fc.array(
  fc.record<Edit>({
    name: fc.constantFrom(...NAMES),
    other: fc.constantFrom(...NAMES),
    how: fc.constantFrom('write', 'write', 'remove', 'rename', 'mode', 'touch'),
  }),
  { minLength: 1, maxLength: 4 },
);

/** Gives the paths that a watch of the folders would name; an edit that cannot be made is not. */
function apply({ folder, put }: Rig, { name, other, how }: Edit, content: string): string[] {
  const [path, to] = [join(folder, name), join(folder, other)];
  const above = (at: string): string[] => (at === folder ? [] : [at, ...above(dirname(at))]);
  try {
    if (how === 'write') put(name, content);
    else if (how === 'remove') rmSync(path, { recursive: true });
    else if (how === 'rename') renameSync(path, to);
    else if (how === 'mode') chmodSync(path, (statSync(path).mode & 0o100) === 0 ? 0o755 : 0o644);
    else utimesSync(path, 2_000_000_000, 2_000_000_000);
  } catch {
    return [];
  }
  // A folder that came into being is an event of its own.
  return how === 'rename' ? [...above(path), ...above(to)] : above(path);
}

test('whatever is edited, as long as it is told: the digest is that of a directory read anew', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(edits, { minLength: 1, maxLength: 6 }), async (rounds) => {
      const teardowns: (() => void)[] = [];
      const project = rig({ teardown: (call) => void teardowns.push(call) });
      try {
        for (const name of ['a', 'sub/a', 'sub/deep/b']) project.put(name, name);
        const digester = project.open('kept');
        await digester.digest(DIRECTORY, 'directory');
        for (const [round, batch] of rounds.entries()) {
          for (const [n, edit] of batch.entries()) {
            for (const path of apply(project, edit, `${round} ${n}`)) project.kept.doubt(path);
          }
          await agrees(t, project, digester);
        }
      } finally {
        for (const teardown of teardowns) teardown();
      }
    }),
    { numRuns: 60 },
  );
});
