import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineRule, jsonl } from 'vlmbuild';
import { CanonicalRows } from '../lib/chat/canonical-rows.js';
import { canonicalRow } from '../lib/chat/canonical-row.js';
import { LineWriter } from '../lib/chat/line-writer.js';
import { WalkedRow } from '../lib/chat/walked-row.js';
import { addCounts, countsText, plural } from '../lib/counts.js';
import { blockBytes, boundedBlocks, CARRIAGE_RETURN, hasByteOrderMark, LineEnds } from '../lib/jsonl.js';

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
    const paths = [spec.group_by.split('.')];
    const rows = new CanonicalRows(paths);
    const writer = new LineWriter();
    const walked = new WalkedRow(paths);
    const bytes = await blockBytes(inputs.rows, spec.bom);
    const ends = new LineEnds(bytes);
    rows.open(bytes);
    // Neighbours are mostly of one group.
    let last: { readonly group: Buffer; readonly side: Side } | undefined;
    const sideOf = (group: Buffer): Side => {
      if (last?.group.equals(group) !== true) {
        const side = shareOf(spec.seed, group) < spec.validation ? 'validation' : 'train';
        last = group.length > SHORT_GROUP ? undefined : { group: Buffer.from(group), side };
        return side;
      }
      return last.side;
    };
    // Lines of one side that stand one after the other, with LF, are written together: from `run` on.
    let run = 0;
    let runSide: Side | undefined;
    const writeRun = (end: number): void => {
      if (runSide !== undefined) outputs[runSide].appendLines(bytes.subarray(run, end));
      runSide = undefined;
    };
    for (let at = 0; at < bytes.length;) {
      const isQuick = rows.at(at);
      const end = isQuick ? rows.end : ends.after(at);
      const next = ends.next(end);
      const line = bytes.subarray(at, end);
      const group = isQuick ? (rows.bytes(0) ?? line) : groupOf(line, writer, walked);
      const side = group === undefined ? undefined : sideOf(group);
      counts[side ?? 'skipped']++;
      const hasOwnEnd = bytes[end] === CARRIAGE_RETURN;
      if (side !== runSide || hasOwnEnd) {
        writeRun(at);
        run = at;
        if (!hasOwnEnd) runSide = side;
        else if (side !== undefined) outputs[side].append(line);
      }
      at = next;
    }
    writeRun(bytes.length);
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

/** A longer one is not held: it is hardly that of the next row too. */
const SHORT_GROUP = 1 << 10;

type Side = 'train' | 'validation';

/**
 * What the rows of a line's group have in common, as JSON; the line itself where it has no group. Undefined for what is no
 * row.
 */
function groupOf(line: Buffer, writer: LineWriter, walked: WalkedRow): Buffer | undefined {
  const row = canonicalRow(line, writer);
  return typeof row === 'string' ? undefined : (walked.at(row).bytes(0) ?? line);
}

/** A number from 0 up to 1, drawn by hash. */
function shareOf(seed: number, group: Buffer): number {
  const digest = createHash('sha256').update(`${seed}\n`).update(group).digest();
  // 48 bits are exact in a double, and finer than any number of groups.
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
