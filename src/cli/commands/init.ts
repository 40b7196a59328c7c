import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildCommand } from '@stricli/core';
import { systemErrorCode } from '../../base/system-error.js';
import { cliErrors } from '../../diagnostics/cli.js';
import { EXIT, UserFacingError } from '../../diagnostics/diagnostic.js';
import type { CliContext } from '../context.js';
import { valued } from '../flags.js';
import { withRules } from '../rules.js';
import { schemaText } from '../schema-text.js';

/** A project that builds as it is: a few rows, a rule of its own, a pipeline that joins the two. */
const FILES: Readonly<Record<string, string>> = {
  'pipeline.yaml': `# yaml-language-server: $schema=./pipeline.schema.json
version: 1

targets:
  pictures:
    description: The rows that have a picture
    rule: rows/pick
    inputs: { rows: data/rows.jsonl }
    params: { key: image }
    outputs: out/pictures.jsonl
`,
  'rules/rows/pick.ts': `import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';

export default defineRule({
  summary: 'Keeps the rows that have a key.',
  params: z.strictObject({ key: z.string().describe('the key a row must have') }),
  inputs: { rows: jsonl() },
  outputs: { rows: jsonl() },
  // Blocks of rows are parts: edit one row of a million, and one block runs again.
  async *parts({ inputs, params }) {
    for await (const block of inputs.rows.blocks()) yield { id: block.id, inputs: { rows: block }, spec: { key: params.key } };
  },
  async make({ spec, inputs, outputs }) {
    let kept = 0;
    for await (const line of inputs.rows.lines()) {
      if (!Object.hasOwn(JSON.parse(line) as object, spec.key)) continue;
      outputs.rows.append(line);
      kept++;
    }
    return { kept };
  },
});
`,
  'data/rows.jsonl': `{"text": "a tree", "image": "tree.png"}
{"text": "no picture here"}
{"text": "a cow", "image": "cow.png"}
`,
  '.gitignore': `cache/
out/
.env
`,
};

/** Made from the rules, the new one included. */
const SCHEMA = 'pipeline.schema.json';

interface Flags {
  readonly directory?: string;
}

export const initCommand = buildCommand<Flags, [], CliContext>({
  docs: {
    brief: 'Start a project here',
    fullDescription:
      'Writes a pipeline that builds as it is, a rule of its own, a few rows, and the JSON Schema by which editors\ncomplete and check the pipeline. Overwrites nothing.',
  },
  parameters: {
    flags: {
      directory: valued('DIR', String, 'Start it in this folder'),
    },
    aliases: { C: 'directory' },
  },
  async func(this: CliContext, flags: Flags) {
    const root = flags.directory ?? '.';
    const there = [...Object.keys(FILES), SCHEMA].find((path) => path !== '.gitignore' && existsSync(join(root, path)));
    if (there !== undefined) throw new UserFacingError(cliErrors.alreadyThere(join(root, there)));
    for (const [name, text] of Object.entries(FILES)) {
      const path = join(root, name);
      if (existsSync(path)) continue;
      write(path, text);
      this.process.stdout.write(`wrote ${path}\n`);
    }
    await withRules(flags.directory, async (rules) => writeFileSync(SCHEMA, await schemaText(rules)));
    this.process.stdout.write(`wrote ${join(root, SCHEMA)}\n`);
    const where = flags.directory === undefined ? '' : ` -C ${flags.directory}`;
    this.process.stdout.write(`next: vlmbuild${where}, then change a row or the rule and run it again\n`);
  },
});

function write(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    const problem = systemErrorCode(error);
    if (problem === undefined) throw error;
    throw new UserFacingError(cliErrors.notWritten({ path, problem }), EXIT.failed);
  }
}
