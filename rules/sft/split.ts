import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineRule, jsonl } from 'vlmbuild';
import { jsonText } from '../lib/chat/json-text.js';
import { memberAt, readMembers } from '../lib/chat/row.js';
import { addCounts, countsText, plural } from '../lib/counts.js';
import { blockLines, boundedBlocks, hasByteOrderMark, lineText } from '../lib/jsonl.js';

/**
 * Splits by group, because rows of one episode share images and text. A group's side follows from the seed and the
 * group alone, so that further groups move no other; and blocks of rows are parts.
 */
export default defineRule({
  summary: 'Split rows into training and validation, whole sessions at a time.',
  params: z.strictObject({
    validation: z.number().min(0).max(1).default(0.1).describe('share of the groups that go to validation'),
    group_by: z
      .string()
      .min(1)
      .default('metadata.session_id')
      .describe('dotted path to what rows of one group have in common; a row without it is a group of its own'),
    seed: z.int().default(0).describe('another seed draws other groups'),
  }),
  inputs: { rows: jsonl() },
  outputs: { train: jsonl(), validation: jsonl() },

  async *parts({ inputs, params }) {
    const bom = hasByteOrderMark(inputs.rows.path);
    for await (const block of boundedBlocks(inputs.rows)) {
      yield { id: block.id, spec: { ...params, bom: bom && block.offset === 0 }, inputs: { rows: block } };
    }
  },

  async make({ spec, inputs, outputs }) {
    const counts = { train: 0, validation: 0, skipped: 0 };
    const [member = ''] = spec.group_by.split('.');
    for (const line of await blockLines(inputs.rows, spec.bom)) {
      const text = lineText(line);
      const row = text === undefined ? undefined : readMembers(text, [member]);
      if (text === undefined || row === undefined || typeof row === 'string') {
        counts.skipped++;
        continue;
      }
      const group = memberAt(row, spec.group_by);
      const side =
        shareOf(spec.seed, group === undefined ? text : jsonText(group)) < spec.validation ? 'validation' : 'train';
      outputs[side].append(line);
      counts[side]++;
    }
    return counts;
  },

  assemble({ parts, join, log }) {
    join('train');
    join('validation');
    const counts: Record<string, number> = {};
    for (const part of parts) addCounts(counts, part.meta);
    const { train = 0, validation = 0, skipped = 0 } = counts;
    const skips = skipped === 0 ? '' : `; skipped: ${countsText({ 'no JSON object': skipped })}`;
    log(`${plural(train, 'row')} to train, ${validation} to validation${skips}`);
  },
});

/** A number from 0 up to 1, drawn by hash. */
function shareOf(seed: number, group: string): number {
  const digest = createHash('sha256').update(`${seed}\n${group}`).digest();
  // 48 bits are exact in a double, and finer than any number of groups.
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
