import { z } from 'zod';
import { defineRule, file, jsonl } from 'vlmbuild';
import { jsonText } from '../lib/chat/json-text.js';
import type { JsonValue } from '../lib/chat/json-value.js';
import { readMembers } from '../lib/chat/row.js';
import { blockLines, boundedBlocks, hasByteOrderMark, lineText } from '../lib/jsonl.js';
import { plural } from '../lib/counts.js';
import { reportOf } from './inspect/report.js';
import { summaryOf } from './inspect/summary.js';
import { Tally } from './inspect/tally.js';

/** Blocks of rows are parts: each is counted on its own, and the counts are added. */
export default defineRule({
  summary: 'Summarise chat rows: sessions, turns, images, tool calls, achievements and estimated tokens.',
  params: z.strictObject({}),
  // With `full`, the export, and `rejects` of the filter the summary tells what became of the exported rows.
  inputs: { rows: jsonl(), full: jsonl().optional(), rejects: jsonl().optional() },
  outputs: { summary: file(), report: file().optional() },

  async *parts({ inputs }) {
    for (const role of ['rows', 'full', 'rejects'] as const) {
      const input = inputs[role];
      if (input === undefined) continue;
      const bom = hasByteOrderMark(input.path);
      for await (const block of boundedBlocks(input)) {
        yield { id: `${role}/${block.id}`, spec: { role, bom: bom && block.offset === 0 }, inputs: { block } };
      }
    }
  },

  async make({ spec: { role, bom }, inputs, outputs }) {
    const tally = new Tally();
    for (const line of await blockLines(inputs.block, bom)) {
      if (role === 'full') {
        tally.count('lines', 'row');
        continue;
      }
      const text = lineText(line);
      const wanted = role === 'rows' ? ['messages', 'metadata'] : ['reason'];
      const row = text === undefined ? 'not UTF-8' : readMembers(text, wanted);
      if (typeof row === 'string') tally.count('lines', row);
      else if (role === 'rows') tally.addRow(row);
      else tally.count('lines', reasonOf(row.get('reason')));
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

function reasonOf(said: JsonValue | undefined): string {
  return typeof said === 'string' ? said : 'unknown';
}
