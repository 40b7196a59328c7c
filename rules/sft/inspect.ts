import { z } from 'zod';
import { defineRule, file, jsonl, type JsonlSlice } from 'vlmbuild';
import type { RowPath } from '../lib/chat/canonical-kernel.js';
import { canonicalRow } from '../lib/chat/canonical-row.js';
import { CanonicalRows } from '../lib/chat/canonical-rows.js';
import { jsonText } from '../lib/chat/json-text.js';
import type { JsonValue } from '../lib/chat/json-value.js';
import { LineWriter } from '../lib/chat/line-writer.js';
import type { RowPlaces } from '../lib/chat/row-places.js';
import { WalkedRow } from '../lib/chat/walked-row.js';
import { blockBytes, boundedBlocks, hasByteOrderMark, LineEnds, linesIn } from '../lib/jsonl.js';
import { plural } from '../lib/counts.js';
import { QuickTally, ROW_PATHS } from './inspect/quick-tally.js';
import { reportOf } from './inspect/report.js';
import { summaryOf } from './inspect/summary.js';
import { Tally } from './inspect/tally.js';

/** Blocks of rows are parts: each is counted on its own, and the counts are added. */
export default defineRule({
  summary:
    'Summarise chat rows: sessions, turns, images, tool calls, achievements, tokens, and what became of exported rows.',
  params: z.strictObject({}),
  // With `full`, the export, and `rejects` of the filter the summary tells what became of the exported rows.
  inputs: { rows: jsonl(), full: jsonl().optional(), rejects: jsonl().optional() },
  outputs: { summary: file(), report: file().optional() },

  async *parts({ inputs }) {
    for (const role of ['rows', 'full', 'rejects'] as const) {
      const input = inputs[role];
      if (input === undefined) continue;
      const bom = hasByteOrderMark(input.path);
      let isEmpty = true;
      for await (const block of boundedBlocks(input)) {
        isEmpty = false;
        yield { id: `${role}/${block.id}`, spec: { role, bom: bom && block.offset === 0 }, inputs: slicesOf(block) };
      }
      // That it was given is told by its parts.
      if (isEmpty) yield { id: `${role}/empty`, spec: { role, bom }, inputs: slicesOf() };
    }
  },

  async make({ spec: { role, bom }, inputs, outputs }) {
    const tally = new Tally();
    const bytes = inputs.block === undefined ? Buffer.alloc(0) : await blockBytes(inputs.block, bom);
    switch (role) {
      case 'full':
        tally.count('lines', 'row', linesIn(bytes));
        break;
      case 'rejects':
        countRejects(bytes, tally);
        break;
      case 'rows':
        countRows(bytes, tally);
        break;
      default:
        role satisfies never;
    }
    await outputs.summary.write(JSON.stringify(tally.toJson()));
    await outputs.report?.write('');
    return { role };
  },

  async assemble({ parts, outputs, log }) {
    const tallies = { rows: new Tally(), full: new Tally(), rejects: new Tally() };
    const given = new Set<string>();
    for (const { meta, outputs: made } of parts) {
      const role = meta['role'] as keyof typeof tallies;
      given.add(role);
      tallies[role].add(await made.summary.text());
    }
    const summary = summaryOf(tallies.rows, {
      exported: given.has('full') ? tallies.full.sum('lines') : undefined,
      rejected: given.has('rejects') ? tallies.rejects.of('lines') : undefined,
    });
    await outputs.summary.write(`${jsonText(summary, 2)}\n`);
    await outputs.report?.write(reportOf(summary));
    log(`${plural(Number(summary['rows']), 'row')} of ${plural(tallies.rows.sessions.size, 'session')}`);
  },
});

function slicesOf(block?: JsonlSlice): { readonly block?: JsonlSlice } {
  return block === undefined ? {} : { block };
}

function countRows(bytes: Buffer, tally: Tally): void {
  const quick = new QuickTally(tally);
  eachRow(bytes, ROW_PATHS, tally, (row) => quick.addRow(row));
}

const REASON: readonly RowPath[] = [['reason']];

function countRejects(bytes: Buffer, tally: Tally): void {
  eachRow(bytes, REASON, tally, (row) => tally.count('lines', reasonOf(row.value(0))));
}

/** Visits the rows, and counts the lines that are none. */
function eachRow(bytes: Buffer, paths: readonly RowPath[], tally: Tally, visit: (row: RowPlaces) => void): void {
  const rows = new CanonicalRows(paths);
  rows.open(bytes);
  const ends = new LineEnds(bytes);
  const writer = new LineWriter();
  const walked = new WalkedRow(paths);
  for (let at = 0; at < bytes.length;) {
    const isTold = rows.at(at);
    const end = isTold ? rows.end : ends.after(at);
    if (isTold) visit(rows);
    else {
      const row = canonicalRow(bytes.subarray(at, end), writer);
      if (typeof row === 'string') tally.count('lines', row);
      else visit(walked.at(row));
    }
    at = ends.next(end);
  }
}

function reasonOf(said: JsonValue | undefined): string {
  return typeof said === 'string' ? said : 'unknown';
}
