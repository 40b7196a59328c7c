import { defineRule, jsonl } from 'vlmbuild';
import { z } from 'zod';

export default defineRule({
  summary: 'Shouts every row.',
  params: z.strictObject({ mark: z.string().default('!').describe('put behind every row') }),
  inputs: { lines: jsonl() },
  outputs: { lines: jsonl() },
  async run({ inputs, outputs, params }) {
    for await (const row of inputs.lines.rows()) {
      const { text } = row as { text: string };
      outputs.lines.append(JSON.stringify({ text: text.toUpperCase() + params.mark }));
    }
  },
});
