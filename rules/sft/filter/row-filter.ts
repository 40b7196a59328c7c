import type { JsonlOutput } from 'vlmbuild';
import { canonicalRow } from '../../lib/chat/canonical-row.js';
import { rewriteJson } from '../../lib/chat/json-rewriter.js';
import { LineWriter } from '../../lib/chat/line-writer.js';
import { CARRIAGE_RETURN, LineEnds } from '../../lib/jsonl.js';
import { DecidingRows, type DropReason, dropReason } from './keep.js';
import type { RowParams } from './params.js';

interface FilterOutputs {
  readonly rows: JsonlOutput;
  readonly rejects: JsonlOutput | undefined;
}

/** Why a line is dropped, if it is, and its row as it is written: the line itself where that is so. */
type Decision =
  | { readonly reason: DropReason | undefined; readonly row: Buffer }
  | { readonly reason: DropReason; readonly row: undefined };

/** Decides over rows by themselves, and writes those that are kept, and dropped ones with their reason. */
export class RowFilter {
  total = 0;
  kept = 0;
  readonly dropped: Record<string, number> = {};
  private readonly quick: DecidingRows;
  /** Most blocks have no row that needs it. */
  private lineWriter: LineWriter | undefined;

  constructor(
    private readonly params: RowParams,
    private readonly outputs: FilterOutputs,
  ) {
    this.quick = new DecidingRows(params);
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
      const { reason, row }: Decision = isQuick
        ? { reason: dropReason(quick.row, params), row: line }
        : this.read(line);
      // A line that ends in another way than LF is not as it is written.
      if (!this.isKept(reason, 1) || row !== line || bytes[end] === CARRIAGE_RETURN) {
        leaveOut(at, next);
        if (reason === undefined) outputs.rows.append(row);
        else if (row === line) outputs.rejects?.append(rejectLine(reason, row, this.writer));
        else outputs.rejects?.append(otherReject(reason, line, this.writer));
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

  private read(line: Buffer): Decision {
    const row = canonicalRow(line, this.writer);
    if (typeof row === 'string') return { reason: row, row: undefined };
    return { reason: dropReason(this.quick.walked(row), this.params), row };
  }
}

/** A dropped row, which is canonical, with its reason. Valid until the writer is used again. */
export function rejectLine(reason: DropReason, row: Buffer, writer: LineWriter): Buffer {
  writer.clear();
  writer.text(`{"reason": ${JSON.stringify(reason)}, "row": `);
  writer.bytes(row, 0, row.length);
  writer.text('}');
  return writer.line();
}

/** The same of any line, which is given as text where it is no JSON. */
function otherReject(reason: DropReason, line: Buffer, writer: LineWriter): Buffer {
  writer.clear();
  const start = `{"reason": ${JSON.stringify(reason)}, `;
  if (reason === 'not UTF-8' || reason === 'not JSON') {
    writer.text(`${start}"text": `);
    writer.jsonString(line);
  } else {
    writer.text(`${start}"row": `);
    if (rewriteJson(line, writer) === 'canonical') writer.bytes(line, 0, line.length);
  }
  writer.text('}');
  return writer.line();
}
