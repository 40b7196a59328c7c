import type { Files } from '../rig.js';

const rule = (imports: string, text: string): string =>
  `import { defineRule, ${imports} } from 'vlmbuild';\nimport { z } from 'zod';\nexport default defineRule({\n  summary: 'A rule of the fault tests.',\n${text}});\n`;

/**
 * A rule for every way in which outputs come about. What each makes follows from its inputs and params alone, so that a
 * build from nothing tells what must be there.
 */
export const FAULT_RULES: Files = {
  // In parts, by blocks of rows; concatenated.
  'rules/fault/mark.ts': rule(
    'jsonl',
    `  params: z.strictObject({ mark: z.string() }),
  inputs: { rows: jsonl() },
  outputs: { rows: jsonl() },
  async *parts({ inputs, params }) {
    for await (const block of inputs.rows.blocks()) yield { id: block.id, spec: params.mark, inputs: { rows: block } };
  },
  async make({ spec, inputs, outputs }) {
    let rows = 0;
    for await (const row of inputs.rows.rows()) {
      outputs.rows.append(JSON.stringify({ mark: spec, row }));
      rows++;
    }
    return { rows };
  },
`,
  ),
  // In parts, by files of a folder, of which one that says so fails; assembled by the rule.
  'rules/fault/list.ts': rule(
    'directory, file, jsonl, UserError',
    `  params: z.strictObject({ most: z.int() }),
  inputs: { files: directory() },
  outputs: { rows: jsonl(), count: file() },
  async *parts({ inputs }) {
    for await (const entry of inputs.files.entries()) yield { id: entry.name, spec: entry.name, inputs: { file: entry } };
  },
  async make({ spec, inputs, outputs }) {
    const text = await inputs.file.text();
    if (text.startsWith('bad')) throw new UserError('bad text in ' + spec);
    outputs.rows.append(JSON.stringify({ name: spec, text }));
    await outputs.count.write('one');
    return { length: text.length };
  },
  async assemble({ parts, params, outputs }) {
    let length = 0;
    for (const part of parts.slice(0, params.most)) {
      for await (const line of part.outputs.rows.lines()) outputs.rows.append(line);
      length += Number(part.meta.length);
    }
    await outputs.count.write(String(length));
  },
`,
  ),
  // In parts without inputs; rows concatenated, folders united.
  'rules/fault/play.ts': rule(
    'directory, jsonl',
    `  params: z.strictObject({ episodes: z.int(), mark: z.string() }),
  outputs: { rows: jsonl(), frames: directory() },
  async *parts({ params }) {
    for (let n = 0; n < params.episodes; n++) yield { id: 'episode ' + n, spec: { n, mark: params.mark }, inputs: {} };
  },
  async make({ spec, outputs }) {
    for (let step = 0; step < 3; step++) {
      const name = spec.n + '/' + step + '.txt';
      await outputs.frames.add(name, spec.mark + step);
      outputs.rows.append(JSON.stringify({ name }));
    }
  },
`,
  ),
  // In one go: a folder and a file.
  'rules/fault/explode.ts': rule(
    'directory, file, jsonl',
    `  params: z.strictObject({ suffix: z.string() }),
  inputs: { rows: jsonl() },
  outputs: { files: directory(), index: file() },
  async run({ inputs, outputs, params }) {
    let index = '';
    for await (const line of inputs.rows.lines()) {
      const name = index.length + params.suffix;
      if (index.length < 1000) await outputs.files.add(name, line);
      index += name + '\\n';
    }
    await outputs.index.write(index);
  },
`,
  ),
  // In one go: a database.
  'rules/fault/table.ts': rule(
    'jsonl, sqlite',
    `  params: z.strictObject({ groups: z.int() }),
  inputs: { rows: jsonl() },
  outputs: { db: sqlite() },
  async run({ inputs, outputs, params }) {
    const db = outputs.db.open();
    db.exec('CREATE TABLE items (id INTEGER PRIMARY KEY, part INTEGER NOT NULL, text TEXT NOT NULL)');
    const insert = db.prepare('INSERT INTO items (part, text) VALUES (?, ?)');
    let n = 0;
    for await (const line of inputs.rows.lines()) insert.run(n++ % params.groups, line);
    db.close();
  },
`,
  ),
  // In parts, by rows of a database.
  'rules/fault/query.ts': rule(
    'jsonl, sqlite',
    `  params: z.strictObject({ mark: z.string() }),
  inputs: { db: sqlite() },
  outputs: { rows: jsonl() },
  async *parts({ inputs, params }) {
    const db = inputs.db.open();
    const groups = db.prepare('SELECT DISTINCT part FROM items ORDER BY part').pluck().all();
    for (const part of groups)
      yield {
        id: 'group ' + part,
        spec: params.mark,
        inputs: { group: inputs.db.slice({ items: { sql: 'SELECT text FROM items WHERE part = ? ORDER BY id', args: [part] } }) },
      };
  },
  async make({ spec, inputs, outputs }) {
    for (const { text } of inputs.group.rows('items')) outputs.rows.append(JSON.stringify({ mark: spec, text }));
  },
`,
  ),
  // In one go, with an answer that is kept.
  'rules/fault/asks.ts': rule(
    'file',
    `  params: z.strictObject({ question: z.string() }),
  outputs: { answer: file() },
  async run({ outputs, params, once }) {
    const answer = await once({ question: params.question }, async () => ({ answer: params.question.length }));
    await outputs.answer.write(JSON.stringify(answer));
  },
`,
  ),
};
