import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UNFINISHED_PREFIX } from '../../src/artifacts/listing.js';
import { systemErrorCode } from '../../src/base/system-error.js';
import { UserFacingError } from '../../src/diagnostics/diagnostic.js';
import { Answers } from '../../src/store/answers.js';
import { Project, type Result } from '../rig.js';
import { outputContents, type Contents } from './observe.js';
import { printModel, randomModel, type Model } from './pipelines.js';
import { Random } from './random.js';
import { missingTracer, tracer } from './strace.js';

/** What is in the way of mounting a small disk here; undefined where nothing is. */
function missingMount(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'vlmbuild-mount-'));
  const { error, status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'vlmbuild', folder], {
    encoding: 'utf8',
  });
  if (status === 0) spawnSync('umount', [folder]);
  rmdirSync(folder);
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

const noMount = missingMount();
const noTracer = missingTracer();
const mounted = noMount === undefined ? test.serial : test.serial.skip;
const traced = noMount === undefined && noTracer === undefined ? test.serial : test.serial.skip;

/** A file system of a size in KiB at a folder that is made for it. */
class SmallDisk {
  readonly #folder: string;

  constructor(t: ExecutionContext, folder: string, size: number) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    mount('-t', 'tmpfs', '-o', `size=${String(size)}k`, 'vlmbuild', folder);
    t.teardown(() => spawnSync('umount', ['-l', folder]));
  }

  /** `size=1024k`, `ro`, `rw`. */
  remount(option: string): void {
    mount('-o', `remount,${option}`, this.#folder);
  }
}

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

interface Compared {
  readonly project: Project;
  readonly model: Model;
  readonly wanted: Contents;
}

/** A project and what it has to come to. */
async function compared(t: ExecutionContext, seed: number): Promise<Omit<Compared, 'project'>> {
  const model = randomModel(new Random(seed), 6);
  const clean = new Project(t, printModel(model));
  await clean.builds(t);
  return { model, wanted: contentsOf(clean, model) };
}

function contentsOf(project: Project, { targets }: Model): Contents {
  return outputContents(
    project.root,
    targets.flatMap(({ outputs }) => outputs),
  );
}

/** A build that met a fault of the disk ends in order, and leaves nothing that is not whole. */
function endsInOrder(
  t: ExecutionContext,
  { project, model, wanted }: Compared,
  { code, stdout, stderr }: Result,
): void {
  t.true(code === 0 || code === 1, `ended with ${String(code)}: ${stdout}${stderr}`);
  t.notRegex(stdout + stderr, /^ +at .*(vlmbuild\.cjs|main\.js|chunks)/m, 'a stack trace of its own');
  areWhole(t, { project, model, wanted });
}

/** No output path shows a half-written file, but of commands that write to their own. */
function areWhole(t: ExecutionContext, { project, model, wanted }: Compared): void {
  const own = model.targets.flatMap(({ outputs }) => outputs.filter((output) => output.own).map(({ path }) => path));
  for (const [path, content] of contentsOf(project, model))
    t.true(own.includes(path) || content === wanted.get(path), `half-written: ${path}`);
}

/** All is as a build from nothing has it, and no file is left that an installation did not finish. */
async function comesToTheSame(t: ExecutionContext, { project, model, wanted }: Compared): Promise<void> {
  await project.builds(t);
  t.deepEqual(contentsOf(project, model), wanted);
  const left = readdirSync(project.path('out'), { recursive: true, encoding: 'utf8' });
  t.false(left.some((name) => name.includes(UNFINISHED_PREFIX)));
  t.deepEqual(readdirSync(project.path('cache/stage')), []);
}

/** In KiB, from nearly nothing to enough. */
const SIZES = [16, 150, 400, 1200, 9000];

for (const where of ['cache', 'out', '.']) {
  mounted(
    `a full disk under ${where === '.' ? 'everything' : where} costs what did not fit; with room all is built`,
    async (t) => {
      t.timeout(280_000);
      const { model, wanted } = await compared(t, 21);
      let full = 0;
      for (const size of SIZES) {
        const project = new Project(t, where === '.' ? {} : printModel(model));
        const disk = new SmallDisk(t, project.path(where), where === '.' ? size + 100 : size);
        if (where === '.') for (const [path, text] of Object.entries(printModel(model))) project.write(path, text);
        const built = await project.run('-k');
        endsInOrder(t, { project, model, wanted }, built);
        if (built.code === 1) {
          full++;
          t.regex(built.stdout + built.stderr, /the disk is full|No space left on device/, `${String(size)} KiB`);
        }
        disk.remount('size=64m');
        await comesToTheSame(t, { project, model, wanted });
      }
      t.true(full > 0, 'every disk had room: do the sizes still fit?');
      t.log(`survived ${String(full)} full disks of ${String(SIZES.length)}`);
    },
  );
}

/** With so many bytes, or as many as there is room for: then the disk is full, which will do as well. */
function fill(path: string, bytes: number): void {
  try {
    writeFileSync(path, Buffer.alloc(bytes));
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOSPC') throw error;
  }
}

mounted('where paid answers are kept is made whole, or not at all, however little room there is', (t) => {
  const project = new Project(t, {});
  new SmallDisk(t, project.path('cache'), 1024);
  const [path, filler] = [project.path('cache/answers.db'), project.path('cache/filler')];
  let full = 0;
  for (let free = 0; free < 300; free += 4) {
    fill(filler, (1024 - free) * 1024);
    try {
      Answers.open(path).close();
    } catch (error) {
      t.true(error instanceof UserFacingError, String(error));
      full++;
    }
    rmSync(filler);
    const answers = Answers.open(path);
    t.is(answers.count(), 0);
    answers.close();
    for (const name of readdirSync(project.path('cache'))) rmSync(project.path(`cache/${name}`), { recursive: true });
  }
  t.true(full > 0 && full < 75, 'the disk was never full, or always');
});

mounted('a cache that became read-only is said so; what is fresh is still found fresh', async (t) => {
  const { model, wanted } = await compared(t, 22);
  const project = new Project(t, printModel(model));
  const disk = new SmallDisk(t, project.path('cache'), 64 * 1024);
  await project.builds(t);
  disk.remount('ro');
  t.regex((await project.run()).stdout, /^everything is fresh/);
  project.write('data/rows.jsonl', '{"new":1}\n');
  const refused = await project.run();
  endsInOrder(t, { project, model, wanted }, refused);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /^VB50\d: .*\n(.*\n)* {2}next /m);
  disk.remount('rw');
  await project.builds(t);
});

const TWENTY = `import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Twenty rows of a megabyte.',
  params: z.strictObject({}),
  outputs: { rows: jsonl() },
  *parts() {
    for (let n = 0; n < 20; n++) yield { id: String(n), spec: n, inputs: {} };
  },
  make({ spec, outputs }) {
    outputs.rows.append(JSON.stringify(String(spec).padEnd(1 << 20, '.')));
  },
});
`;

mounted(
  'a disk that has no room for what parts come to keeps all parts: none of its room goes to a join ahead',
  async (t) => {
    const project = new Project(t, {
      'rules/my/twenty.ts': TWENTY,
      'pipeline.yaml': `version: 1
targets:
  twenty: { rule: my/twenty, outputs: out/twenty.jsonl }
`,
    });
    const disk = new SmallDisk(t, project.path('cache'), 35 * 1024);
    const { code, stderr } = await project.run('-j2');
    t.is(code, 1);
    t.regex(stderr, /the disk is full/);
    disk.remount('size=64m');
    const { events } = await project.builds(t, '-j2');
    t.is(events.filter(({ type }) => type === 'part-finished').length, 0);
    const rows = Array.from({ length: 20 }, (_, n) => `${JSON.stringify(String(n).padEnd(1 << 20, '.'))}\n`);
    t.true(project.read('out/twenty.jsonl') === rows.join(''));
  },
);

traced('with `cache/` on another file system no output is half-written either', async (t) => {
  t.timeout(280_000);
  const { model, wanted } = await compared(t, 23);
  let killed = 0;
  for (const calls of ['writes', 'renames', 'closes'] as const) {
    const project = new Project(t, printModel(model));
    const elsewhere = join(project.root, '..', 'elsewhere');
    new SmallDisk(t, elsewhere, 64 * 1024);
    symlinkSync(elsewhere, project.path('cache'));
    for (const at of [8, 20, 32, 44].map((n) => (calls === 'closes' ? n * 6 : calls === 'renames' ? n / 4 : n))) {
      const result = await project.startUnder(tracer({ signal: 'SIGKILL' }, { calls, at, whose: 'any' }), '-k').ended;
      if (result.signal === 'SIGKILL') killed++;
      else endsInOrder(t, { project, model, wanted }, result);
      areWhole(t, { project, model, wanted });
    }
    await comesToTheSame(t, { project, model, wanted });
  }
  t.true(killed > 0);
  t.log(`survived ${String(killed)} kills`);
});

test.serial('with few files that may be open a build ends in order', async (t) => {
  const { model, wanted } = await compared(t, 24);
  const project = new Project(t, printModel(model));
  for (const most of [48, 40, 34, 30]) {
    const limited = ['sh', '-c', `ulimit -n ${String(most)}; exec "$@"`, 'sh'];
    const { code, signal, stdout, stderr } = await project.startUnder(limited, '-k', '-j', '2').ended;
    t.true(code === 0 || code === 1, `with ${String(most)}: ${String(code ?? signal)} ${stdout}${stderr}`);
  }
  await comesToTheSame(t, { project, model, wanted });
});

test.serial('where no more commands can be started at once, those that cannot fail, and say why', async (t) => {
  const targets = Array.from(
    { length: 80 },
    (_, i) => `  t${i}: { run: 'cat {input} > {output}', inputs: in.txt, outputs: out/${i} }\n`,
  );
  const project = new Project(t, { 'pipeline.yaml': `version: 1\ntargets:\n${targets.join('')}`, 'in.txt': 'in' });
  // Equal commands would share a result.
  project.write(
    'pipeline.yaml',
    project.read('pipeline.yaml').replaceAll(/t(\d+): \{ run: 'cat/g, "t$1: { run: 'T=$1; cat"),
  );
  const limited = ['sh', '-c', 'ulimit -n 100; exec "$@"', 'sh'];
  const { code, stdout, stderr } = await project.startUnder(limited, '-k', '-j', '80').ended;
  t.is(code, 1, stdout);
  t.regex(stderr, /VB409: too many files are open\n[^]*raise the limit \(`ulimit -n`\)/);
  t.notRegex(stderr, /VB403|VB417|VB430/);
  await project.builds(t);
  t.is(project.read('out/79'), 'in');
});

if (noMount !== undefined) test.skip(`small disks are not tested: ${noMount}`, () => undefined);
