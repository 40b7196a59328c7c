import type { Files } from './rig.js';

/** Rules of a few lines each, for tests of the engine. */
export const RULES: Files = {
  // Every row in upper case, block by block.
  'rules/text/upper.ts': `import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'Upper case.',
  params: z.strictObject({ mark: z.string().default('') }),
  inputs: { rows: jsonl() },
  outputs: { rows: jsonl() },
  async *parts({ inputs, params }) {
    for await (const block of inputs.rows.blocks()) yield { id: block.id, spec: { mark: params.mark }, inputs: { rows: block } };
  },
  async make({ spec, inputs, outputs }) {
    let rows = 0;
    for await (const line of inputs.rows.lines()) {
      outputs.rows.append(line.toUpperCase() + spec.mark);
      rows++;
    }
    return { rows };
  },
});
`,
  // One row an entry of a folder; an entry whose text is 'bad' fails.
  'rules/text/list.ts': `import { defineRule, directory, jsonl, UserError } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'A row for every file.',
  params: z.strictObject({}),
  inputs: { files: directory() },
  outputs: { rows: jsonl() },
  async *parts({ inputs }) {
    for await (const entry of inputs.files.entries()) yield { id: entry.name, spec: entry.name, inputs: { file: entry } };
  },
  async make({ spec, inputs, outputs, log }) {
    const text = await inputs.file.text();
    log('reads ' + spec);
    if (text === 'bad') throw new UserError('bad text in ' + spec, { next: 'mend it' });
    outputs.rows.append(JSON.stringify({ name: spec, text }));
  },
});
`,
  // A folder with a file for every row, and the sum of its lengths.
  'rules/text/explode.ts': `import { defineRule, directory, file, jsonl } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({
  summary: 'A file for every row.',
  params: z.strictObject({ suffix: z.string().default('.txt') }),
  inputs: { rows: jsonl() },
  outputs: { files: directory(), index: file() },
  async run({ inputs, outputs, params }) {
    let n = 0;
    let index = '';
    for await (const line of inputs.rows.lines()) {
      const name = 'row-' + n++ + params.suffix;
      await outputs.files.add(name, line);
      index += name + '\\n';
    }
    await outputs.index.write(index);
  },
});
`,
};

/** A pipeline of `text/list`, and the rows that it makes of files whose texts are their names. */
export const LIST = `version: 1
targets:
  list:
    rule: text/list
    inputs: { files: data/ }
    outputs: out/list.jsonl
`;

export const lines = (...names: string[]): string =>
  names.map((name) => `${JSON.stringify({ name: `${name}.txt`, text: name })}\n`).join('');
