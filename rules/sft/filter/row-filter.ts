import type { JsonlOutput } from 'vlmbuild';
import { LineWriter } from '../../lib/chat/line-writer.js';
import { readMembers, writeCanonicalLine } from '../../lib/chat/row.js';
import { RowBytes } from '../../lib/chat/row-bytes.js';
import { CARRIAGE_RETURN, LineEnds, lineText } from '../../lib/jsonl.js';
import { decidingMembers, type DropReason, dropReason, membersRow, QuickRows } from './keep.js';
import type { RowParams } from './params.js';

interface FilterOutputs {
  readonly rows: JsonlOutput;
  readonly rejects: JsonlOutput | undefined;
}

/** Decides over rows by themselves, and writes those that are kept, and dropped ones with their reason. */
export class RowFilter {
  total = 0;
  kept = 0;
  readonly dropped: Record<string, number> = {};
  private readonly quick: QuickRows;
  /** Most blocks have no row that needs them. */
  private slow: RowBytes | undefined;
  private lineWriter: LineWriter | undefined;

  constructor(
    private readonly params: RowParams,
    private readonly outputs: FilterOutputs,
  ) {
    this.quick = new QuickRows(params);
  }

  /** Takes whole lines. */
  take(bytes: Buffer): void {
    const { params, outputs, quick } = this;
    const ends = new LineEnds(bytes);
    quick.rows.open(bytes);
    // Nearly all lines are canonical, and nearly all of these are kept: they are written together, from `run` on.
    let run = 0;
    const leaveOut = (start: number, next: number): void => {
      if (run < start) outputs.rows.appendLines(bytes.subarray(run, start));
      run = next;
    };
    for (let at = 0; at < bytes.length;) {
      // Where each dropped row is written, each is looked at.
      for (const alike of outputs.rejects === undefined ? quick.runs(at) : []) {
        at = alike.end;
        if (!this.isKept(dropReason(alike, params), alike.rows)) leaveOut(alike.start, at);
      }
      if (at >= bytes.length) break;
      const isQuick = quick.rows.at(at);
      const end = isQuick ? quick.rows.end : ends.after(at);
      const next = ends.next(end);
      const line = bytes.subarray(at, end);
      const { reason, text } = isQuick ? { reason: dropReason(quick, params), text: undefined } : this.read(line);
      // A line that ends in another way than LF is not as it is written.
      if (!this.isKept(reason, 1) || text !== undefined || bytes[end] === CARRIAGE_RETURN) {
        leaveOut(at, next);
        if (reason === undefined) outputs.rows.append(text === undefined ? line : canonicalLine(text, this.writer));
        else outputs.rejects?.append(rejectLine(reason, text ?? line, this.writer));
      }
      at = next;
    }
    leaveOut(bytes.length, bytes.length);
  }

  private get writer(): LineWriter {
    return (this.lineWriter ??= new LineWriter());
  }

  private isKept(reason: DropReason | undefined, rows: number): boolean {
    this.total += rows;
    if (reason === undefined) this.kept += rows;
    else this.dropped[reason] = (this.dropped[reason] ?? 0) + rows;
    return reason === undefined;
  }

  /** Why a line is dropped, if it is, and its text where it is not as it is written. */
  private read(line: Buffer): { readonly reason: DropReason | undefined; readonly text: string | undefined } {
    const { params } = this;
    this.slow ??= new RowBytes(decidingMembers(params));
    const members = this.slow.members(line);
    if (members !== undefined) return { reason: dropReason(membersRow(members), params), text: undefined };
    const text = lineText(line);
    if (text === undefined) return { reason: 'not UTF-8', text };
    const row = readMembers(text, Object.keys(decidingMembers(params)));
    return { reason: typeof row === 'string' ? row : dropReason(membersRow(row), params), text };
  }
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
export function rejectLine(reason: DropReason, row: string | Buffer, writer: LineWriter): Buffer {
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
