import { defineRule, jsonl, type JsonlOutput, type JsonObject, type MadePart } from 'vlmbuild';
import { LineWriter } from '../lib/chat/line-writer.js';
import { readMembers, writeCanonicalLine } from '../lib/chat/row.js';
import { RowBytes } from '../lib/chat/row-bytes.js';
import { addCounts, countsText } from '../lib/counts.js';
import {
  batches,
  blockBytes,
  boundedBlocks,
  CARRIAGE_RETURN,
  copyLines,
  hasByteOrderMark,
  LineEnds,
  lineText,
} from '../lib/jsonl.js';
import { AcrossRows, comparedRows } from './filter/across.js';
import { decidingMembers, type DropReason, dropReason, membersRow, QuickRows } from './filter/keep.js';
import { filterParams, type RowParams, rowParams } from './filter/params.js';

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
    const dropped: Record<string, number> = {};
    let total = 0;
    let kept = 0;
    const quick = new QuickRows(spec);
    const slow = new RowBytes(decidingMembers(spec));
    const writer = new LineWriter();
    const bytes = await blockBytes(inputs.rows, spec.bom);
    const ends = new LineEnds(bytes);
    quick.rows.open(bytes);
    // Nearly all lines are canonical, and nearly all of these are kept: they are written together, from `run` on.
    let run = 0;
    const leaveOut = (start: number, next: number): void => {
      if (run < start) outputs.rows.appendLines(bytes.subarray(run, start));
      run = next;
    };
    const drop = (reason: DropReason, rows: number): void => {
      dropped[reason] = (dropped[reason] ?? 0) + rows;
    };
    for (let at = 0; at < bytes.length;) {
      // Where each dropped row is written, each is looked at.
      for (const alike of outputs.rejects === undefined ? quick.runs(at) : []) {
        const reason = dropReason(alike, spec);
        total += alike.rows;
        at = alike.end;
        if (reason === undefined) kept += alike.rows;
        else {
          drop(reason, alike.rows);
          leaveOut(alike.start, at);
        }
      }
      if (at >= bytes.length) break;
      total++;
      const isQuick = quick.rows.at(at);
      const end = isQuick ? quick.rows.end : ends.after(at);
      const next = ends.next(end);
      const { reason, text } = isQuick
        ? { reason: dropReason(quick, spec), text: undefined }
        : readSlowly(bytes.subarray(at, end), slow, spec);
      if (reason === undefined) kept++;
      else drop(reason, 1);
      // A line that ends in another way than LF is not as it is written.
      if (reason !== undefined || text !== undefined || bytes[end] === CARRIAGE_RETURN) {
        leaveOut(at, next);
        const line = bytes.subarray(at, end);
        if (reason === undefined) outputs.rows.append(text === undefined ? line : canonicalLine(text, writer));
        else outputs.rejects?.append(rejectLine(reason, text ?? line, writer));
      }
      at = next;
    }
    leaveOut(bytes.length, bytes.length);
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

/** Why a line is dropped, if it is, and its text where it is not as it is written. */
function readSlowly(
  line: Buffer,
  slow: RowBytes,
  params: RowParams,
): { readonly reason: DropReason | undefined; readonly text: string | undefined } {
  const members = slow.members(line);
  if (members !== undefined) return { reason: dropReason(membersRow(members), params), text: undefined };
  const text = lineText(line);
  if (text === undefined) return { reason: 'not UTF-8', text };
  const row = readMembers(text, Object.keys(decidingMembers(params)));
  return { reason: typeof row === 'string' ? row : dropReason(membersRow(row), params), text };
}

/** Copies a part's rows but those that earlier rows make unwanted; returns how many those are. */
async function keepAcross(
  part: MadePart<{ rows: ReturnType<typeof jsonl> }>,
  across: AcrossRows,
  outputs: { readonly rows: JsonlOutput; readonly rejects: JsonlOutput | undefined },
  dropped: Record<string, number>,
): Promise<number> {
  const writer = new LineWriter();
  let count = 0;
  for await (const lines of batches(part.outputs.rows)) {
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

/** A row as it is written. Valid until the writer is used again. */
function canonicalLine(text: string, writer: LineWriter): Buffer {
  writer.clear();
  writeCanonicalLine(text, writer);
  return writer.line();
}

/**
 * A dropped row with its reason; a line that is no row as text. Valid until the writer is used again.
 *
 * @param row bytes where it is canonical, or not UTF-8.
 */
function rejectLine(reason: DropReason, row: string | Buffer, writer: LineWriter): Buffer {
  writer.clear();
  writer.text(`{"reason": ${JSON.stringify(reason)}, `);
  if (reason === 'not UTF-8' || reason === 'not JSON') {
    writer.text('"text": ');
    writer.jsonString(row.toString());
    writer.text('}');
  } else {
    writer.text('"row": ');
    if (typeof row === 'string') writeCanonicalLine(row, writer);
    else writer.bytes(row, 0, row.length);
    writer.text('}');
  }
  return writer.line();
}
