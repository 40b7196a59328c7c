import { defineRule, jsonl, type JsonlOutput, type JsonObject, type MadePart } from 'vlmbuild';
import { CanonicalKernel } from '../lib/chat/canonical-kernel.js';
import { LineWriter } from '../lib/chat/line-writer.js';
import { addCounts, countsText } from '../lib/counts.js';
import { batches, blockBytes, boundedBlocks, copyLines, hasByteOrderMark, linesOfBlock } from '../lib/jsonl.js';
import { AcrossRows, comparedRows } from './filter/across.js';
import { filterParams, rowParams } from './filter/params.js';
import { rejectLine, RowFilter } from './filter/row-filter.js';

/**
 * Blocks of rows are parts: what a row is kept for by itself is decided there. What looks across rows (duplicates,
 * rows a session) is decided over the kept rows when the parts are joined.
 */
export default defineRule({
  summary: 'Keep the chat rows whose user messages carry an image, and drop what else is not wanted.',
  params: filterParams,
  inputs: { rows: jsonl() },
  outputs: { rows: jsonl(), rejects: jsonl().optional() },

  async *parts({ inputs, params }) {
    const row = rowParams(params);
    const bom = hasByteOrderMark(inputs.rows.path);
    for await (const block of boundedBlocks(inputs.rows)) {
      yield {
        // It follows from the block's digest, which is taken where somebody asks for either.
        get id() {
          return block.id;
        },
        spec: { ...row, bom: bom && block.offset === 0 },
        inputs: { rows: block },
      };
    }
  },

  async make({ spec, inputs, outputs }) {
    const { rows: block } = inputs;
    const filter = new RowFilter(spec, { rows: outputs.rows, rejects: outputs.rejects });
    const room = CanonicalKernel.get()?.room;
    if (room === undefined || block.length > room.length) filter.take(await blockBytes(block, spec.bom));
    else for (const lines of linesOfBlock(block, spec.bom ? 3 : 0, room)) filter.take(lines);
    const { total, kept, dropped } = filter;
    return { total, kept, dropped };
  },

  async assemble({ parts, params, outputs, join, log }) {
    const across = new AcrossRows(params);
    if (!across.isNeeded) {
      join('rows');
      join('rejects');
    }
    const room = Buffer.allocUnsafeSlow(across.isNeeded ? ROOM : 0);
    const dropped: Record<string, number> = {};
    let total = 0;
    let kept = 0;
    for (const part of parts) {
      addCounts(dropped, part.meta['dropped'] as JsonObject);
      total += Number(part.meta['total']);
      kept += Number(part.meta['kept']);
      if (!across.isNeeded) continue;
      if (part.outputs.rejects !== undefined && outputs.rejects !== undefined) {
        await copyLines(part.outputs.rejects, outputs.rejects);
      }
      kept -= await keepAcross(part, room, across, outputs, dropped);
    }
    const drops = countsText(dropped);
    log(`kept ${kept} of ${total} rows${drops === '' ? '' : `; dropped: ${drops}`}`);
  },
});

/** So much of rows is compared at once. */
const ROOM = 1 << 20;

/** Copies a part's rows but those that earlier rows make unwanted; returns how many those are. */
async function keepAcross(
  part: MadePart<{ rows: ReturnType<typeof jsonl> }>,
  room: Buffer,
  across: AcrossRows,
  outputs: { readonly rows: JsonlOutput; readonly rejects: JsonlOutput | undefined },
  dropped: Record<string, number>,
): Promise<number> {
  const writer = new LineWriter();
  let count = 0;
  for await (const lines of batches(part.outputs.rows, room)) {
    for (const row of comparedRows(lines)) {
      const reason = across.dropReason(row);
      if (reason === undefined) {
        outputs.rows.append(row.line);
        continue;
      }
      count++;
      dropped[reason] = (dropped[reason] ?? 0) + 1;
      outputs.rejects?.append(rejectLine(reason, row.line, writer));
    }
  }
  return count;
}
