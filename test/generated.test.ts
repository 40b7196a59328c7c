import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Project } from './rig.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('pipeline.schema.json is what the rules say today', async (t) => {
  const project = new Project(t, {});
  const { stdout } = await project.run('schema');
  t.is(
    readFileSync(join(ROOT, 'pipeline.schema.json'), 'utf8'),
    stdout,
    'run: npx vlmbuild schema > pipeline.schema.json',
  );
});

test('docs/messages.md lists every diagnostic', (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/messages.mjs', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  t.is(status, 0, stderr);
});

test('the licenses of what is bundled are handed on with it', (t) => {
  const notices = readFileSync(join(ROOT, 'dist/NOTICES'), 'utf8');
  for (const name of ['better-sqlite3', 'picomatch', 'xxhash-wasm', 'yaml', 'zod'])
    t.regex(notices, new RegExp(`^${name} \\d.*\\n\\n[^]*?copyright`, 'im'));
});

test('the shipped pipeline names the schema', (t) => {
  t.true(
    readFileSync(join(ROOT, 'pipeline.yaml'), 'utf8').startsWith(
      '# yaml-language-server: $schema=./pipeline.schema.json\n',
    ),
  );
});

test('the rule that README and docs/rules.md show is the one of the example', (t) => {
  const rule = readFileSync(join(ROOT, 'examples/own-rule/rules/text/shout.ts'), 'utf8');
  for (const path of ['README.md', 'docs/rules.md'])
    t.true(readFileSync(join(ROOT, path), 'utf8').includes(rule), path);
});
