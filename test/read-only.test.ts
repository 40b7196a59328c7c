import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Project } from './rig.js';

const NOBODY = 65534;
/** Root may write everywhere: then the commands are run as somebody who may not. */
const isRoot = process.getuid?.() === 0;
const asOther = isRoot ? ['setpriv', `--reuid=${String(NOBODY)}`, `--regid=${String(NOBODY)}`, '--clear-groups'] : [];

/** What is in the way of that; undefined where nothing is. */
function missingOther(): string | undefined {
  if (!isRoot) return undefined;
  const { error, status, stderr } = spawnSync(asOther[0] ?? '', [...asOther.slice(1), process.execPath, '-e', '0'], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

const noOther = missingOther();
const guarded = noOther === undefined ? test.serial : test.serial.skip;
if (noOther !== undefined) test.skip(`a cache that others may write is not tested: ${noOther}`, () => undefined);

const RULE = `
import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Copies rows.',
  params: z.strictObject({ mark: z.string().default('') }),
  inputs: { rows: jsonl() },
  outputs: { rows: jsonl() },
  async *parts({ inputs, params }) {
    for await (const block of inputs.rows.blocks()) yield { id: block.id, inputs: { rows: block }, spec: params };
  },
  async make({ inputs, outputs }) {
    for await (const line of inputs.rows.lines()) outputs.rows.append(line);
  },
});
`;

const FILES = {
  'pipeline.yaml': `version: 1
targets:
  rows: { rule: my/copy, inputs: { rows: data/rows.jsonl }, outputs: out/rows.jsonl }
  lines: { run: 'mkdir {outputs.d} && wc -l < {inputs.rows} > {outputs.d}/n', inputs: { rows: rows }, outputs: { d: out/lines/ } }
`,
  'rules/my/copy.ts': RULE,
  'data/rows.jsonl': '{"n":1}\n',
};

/** What builds nothing. */
const COMMANDS = [
  ['status', '--json'],
  ['status', '--json', '--parts'],
  ['explain', 'rows'],
  ['graph'],
  ['runs'],
  ['runs', 'diff', 'last', 'last'],
  ['log', 'lines'],
  ['verify'],
  ['cache', 'stats'],
  ['-n'],
  ['gc', '-n'],
  ['clean', '-n'],
  ['rules'],
];

type Mode = (path: string, mode: number) => number;

/** Of the project's files and folders below a path, and of that. Folders come last. */
function change(project: Project, below: string, mode: Mode): void {
  const stat = lstatSync(project.path(below));
  if (stat.isSymbolicLink()) return;
  if (stat.isDirectory()) for (const name of readdirSync(project.path(below))) change(project, join(below, name), mode);
  if (isRoot) chownSync(project.path(below), NOBODY, NOBODY);
  chmodSync(project.path(below), mode(below, stat.mode & 0o777));
}

const CASES: Readonly<Record<string, Mode>> = {
  'all of cache/': (_, mode) => mode & 0o555,
  'the index alone': (path, mode) => (path === 'cache/index.db' ? mode & 0o555 : mode),
};

for (const [what, forbid] of Object.entries(CASES)) {
  guarded(`where ${what} may not be written, what builds nothing tells the same, and a build says so`, async (t) => {
    const project = new Project(t, FILES);
    chmodSync(project.path('..'), 0o755);
    await project.builds(t);
    project.write('data/rows.jsonl', '{"n":2}\n');
    project.write('tmp/.keep', '');
    project.environment['TMPDIR'] = project.path('tmp');
    change(project, '', (_, mode) => mode);
    const said = async (): Promise<string[]> => {
      const all: string[] = [];
      for (const command of COMMANDS) {
        const { code, stdout, stderr } = await project.startUnder(asOther, ...command).ended;
        all.push([...command, String(code), ...(command[0] === 'cache' ? [] : [stdout]), stderr].join('\n'));
      }
      return all;
    };
    const before = await said();
    change(project, 'cache', forbid);
    const times = project.times();
    t.deepEqual(await said(), before);
    t.deepEqual(project.times(), times, 'something was written, or left');
    const { code, stdout, stderr } = await project.startUnder(asOther, 'rows').ended;
    t.is(code, 1);
    t.regex(stdout + stderr, /VB5(01|09): cannot (write|use) `[^`]*cache/);
    t.notRegex(stdout + stderr, /please report/);
  });
}

guarded(
  'where all that is stored is damaged and may not be written, that is no result, and nothing is removed',
  async (t) => {
    const project = new Project(t, FILES);
    chmodSync(project.path('..'), 0o755);
    await project.builds(t);
    for (const name of Object.keys(project.tree([])).filter((path) => path.startsWith('cache/objects/'))) {
      chmodSync(project.path(name), 0o600);
      const bytes = readFileSync(project.path(name));
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      writeFileSync(project.path(name), bytes);
    }
    project.remove('out');
    change(project, '', (_, mode) => mode);
    change(project, 'cache', (_, mode) => mode & 0o555);
    const before = project.times();
    for (const command of COMMANDS.filter(([name]) => name !== 'log')) {
      const { code, stdout, stderr } = await project.startUnder(asOther, ...command).ended;
      t.is(
        code,
        command[0] === 'verify' ? 3 : command[0] === 'runs' && command.length > 1 ? 2 : 0,
        [...command, stderr].join(' '),
      );
      t.notRegex(stdout + stderr, /please report/, command.join(' '));
    }
    // The manifest of a folder is read to know whether its files are there.
    t.regex((await project.startUnder(asOther, 'status', 'lines').ended).stdout, /^. lines +stale/m);
    t.deepEqual(project.times(), before);
  },
);

guarded('of a project that may not be written and was never built it is told what would be built', async (t) => {
  const project = new Project(t, FILES);
  chmodSync(project.path('..'), 0o755);
  change(project, '', (_, mode) => mode & 0o555);
  const { code, stdout } = await project.startUnder(asOther, '-n').ended;
  t.is(code, 0);
  t.regex(stdout, /^run +rows/);
  t.false(project.exists('cache'));
});
