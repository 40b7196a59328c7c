import { defineRule, jsonl, type JsonlOutput, type JsonObject, type MadePart } from 'vlmbuild';
import { LineWriter } from '../lib/chat/line-writer.js';
import { readMembers, writeCanonicalLine } from '../lib/chat/row.js';
import { RowBytes } from '../lib/chat/row-bytes.js';
import { addCounts, countsText } from '../lib/counts.js';
import { blockLines, boundedBlocks, copyLines, hasByteOrderMark, lineText } from '../lib/jsonl.js';
import { AcrossRows, decidingMembers, type DropReason, dropReason } from './filter/keep.js';
import { filterParams, rowParams } from './filter/params.js';

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
      yield { id: block.id, spec: { ...row, bom: bom && block.offset === 0 }, inputs: { rows: block } };
    }
  },

  async make({ spec, inputs, outputs }) {
    const dropped: Record<string, number> = {};
    let total = 0;
    let kept = 0;
    const wanted = decidingMembers(spec);
    const members = Object.keys(wanted);
    const rows = new RowBytes(wanted);
    const writer = new LineWriter();
    for (const line of await blockLines(inputs.rows, spec.bom)) {
      total++;
      // Nearly all lines are written as they stand; the others are read whole.
      const quick = rows.members(line);
      const text = quick === undefined ? lineText(line) : undefined;
      const row = quick ?? (text === undefined ? 'not UTF-8' : readMembers(text, members));
      const reason = typeof row === 'string' ? row : dropReason(row, spec);
      if (reason === undefined) {
        if (text === undefined) outputs.rows.append(line);
        else {
          writer.clear();
          writeCanonicalLine(text, writer);
          outputs.rows.append(writer.line());
        }
        kept++;
        continue;
      }
      dropped[reason] = (dropped[reason] ?? 0) + 1;
      outputs.rejects?.append(rejectLine(reason, text ?? line.toString('utf8'), writer));
    }
    return { total, kept, dropped };
  },

  async assemble({ parts, params, outputs, join, log }) {
    const across = new AcrossRows(params);
    if (!across.isNeeded) {
      join('rows');
      join('rejects');
    }
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
      kept -= await keepAcross(part, across, outputs, dropped);
    }
    const drops = countsText(dropped);
    log(`kept ${kept} of ${total} rows${drops === '' ? '' : `; dropped: ${drops}`}`);
  },
});

/** Copies a part's rows but those that earlier rows make unwanted; returns how many those are. */
async function keepAcross(
  part: MadePart<{ rows: ReturnType<typeof jsonl> }>,
  across: AcrossRows,
  outputs: { readonly rows: JsonlOutput; readonly rejects: JsonlOutput | undefined },
  dropped: Record<string, number>,
): Promise<number> {
  const writer = new LineWriter();
  let count = 0;
  for await (const line of part.outputs.rows.lines()) {
    const reason = across.dropReason(line);
    if (reason === undefined) {
      outputs.rows.append(line);
      continue;
    }
    count++;
    dropped[reason] = (dropped[reason] ?? 0) + 1;
    outputs.rejects?.append(rejectLine(reason, line, writer));
  }
  return count;
}

/** A dropped row with its reason; a line that is no row as text. Valid until the writer is used again. */
function rejectLine(reason: DropReason, text: string, writer: LineWriter): Buffer {
  writer.clear();
  writer.text(`{"reason": ${JSON.stringify(reason)}, `);
  if (reason === 'not UTF-8' || reason === 'not JSON') {
    writer.text(`"text": ${JSON.stringify(text)}}`);
  } else {
    writer.text('"row": ');
    writeCanonicalLine(text, writer);
    writer.text('}');
  }
  return writer.line();
}
