import { z } from 'zod';
import { defineRule, file, jsonl, type JsonlSlice } from 'vlmbuild';
import { CanonicalRows } from '../lib/chat/canonical-rows.js';
import { jsonText } from '../lib/chat/json-text.js';
import type { JsonMap, JsonValue } from '../lib/chat/json-value.js';
import { readMembers } from '../lib/chat/row.js';
import { blockBytes, boundedBlocks, hasByteOrderMark, LineEnds, linesIn, lineText } from '../lib/jsonl.js';
import { plural } from '../lib/counts.js';
import { QuickTally } from './inspect/quick-tally.js';
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
  quick.rows.open(bytes);
  for (const line of linesBut(quick.rows, bytes, () => quick.addRow())) {
    const row = membersOf(line, ['messages', 'metadata']);
    if (typeof row === 'string') tally.count('lines', row);
    else tally.addRow(row);
  }
}

function countRejects(bytes: Buffer, tally: Tally): void {
  const quick = new CanonicalRows([['reason']]);
  quick.open(bytes);
  for (const line of linesBut(quick, bytes, () => tally.count('lines', reasonOf(quick.value(0))))) {
    const row = membersOf(line, ['reason']);
    tally.count('lines', typeof row === 'string' ? row : reasonOf(row.get('reason')));
  }
}

/** The lines that are not told of; `tell` is called at those that are. */
function* linesBut(rows: CanonicalRows, bytes: Buffer, tell: () => void): Generator<Buffer> {
  const ends = new LineEnds(bytes);
  for (let at = 0; at < bytes.length;) {
    const isTold = rows.at(at);
    const end = isTold ? rows.end : ends.after(at);
    if (isTold) tell();
    else yield bytes.subarray(at, end);
    at = ends.next(end);
  }
}

function membersOf(line: Buffer, wanted: readonly string[]): JsonMap | 'not UTF-8' | 'not JSON' | 'not an object' {
  const text = lineText(line);
  return text === undefined ? 'not UTF-8' : readMembers(text, wanted);
}

function reasonOf(said: JsonValue | undefined): string {
  return typeof said === 'string' ? said : 'unknown';
}
