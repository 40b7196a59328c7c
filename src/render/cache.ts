import { formatBytes, plural } from '../base/units.js';
import type { CacheCheck, CacheStats } from '../execute/cache.js';
import type { GcReport } from '../execute/gc.js';
import { table } from './table.js';

export function gcText(
  report: GcReport,
  { dryRun = false, maxSize }: { readonly dryRun?: boolean; readonly maxSize?: number },
): string {
  const { before, after, needed, objects, results, parts, runs, paths, logs } = report;
  const dropped = [
    results > 0 ? plural(results, 'result') : '',
    parts > 0 ? plural(parts, 'part') : '',
    objects > 0 ? plural(objects, 'object') : '',
    runs > 0 ? `the record of ${plural(runs, 'run')}` : '',
    paths > 0 ? `${plural(paths, 'record')} of files that are gone` : '',
    logs > 0 ? plural(logs, 'log') : '',
  ].filter((text) => text !== '');
  const lines = [
    dropped.length === 0
      ? `nothing to drop: ${formatBytes(before)}`
      : `${dryRun ? 'would drop' : 'dropped'} ${dropped.join(', ')}: ${formatBytes(before)} → ${formatBytes(after)}`,
  ];
  if (maxSize !== undefined && needed > maxSize)
    lines.push(`${formatBytes(needed)} are needed by the lock, outputs, the last runs and listed parts, and stay`);
  return lines.join('\n');
}

export function cacheText(stats: CacheStats): string {
  const { kept, beside } = stats;
  const rows: [string, string, string][] = [
    [
      'store',
      formatBytes(stats.bytes),
      `${plural(stats.objects, 'object')}: ${plural(stats.results, 'result')}, ${plural(stats.parts, 'part')}`,
    ],
    ['  now', formatBytes(kept.now), 'what the lock, the outputs that are there and the last results need'],
    ['  runs', formatBytes(kept.runs), 'what the last 10 runs need besides'],
    ['  parts', formatBytes(kept.parts), 'parts that targets list, besides'],
    ['  spare', formatBytes(kept.spare), 'earlier results: `gc` drops the least recently used first'],
    ['  loose', formatBytes(kept.loose), 'of no result: the next `gc` drops it'],
    [
      'saved',
      formatBytes(stats.savedBytes),
      `all results one by one would take ${formatBytes(stats.outputBytes)}: what is equal is stored once`,
    ],
    ['answers', formatBytes(beside.answers), `${plural(stats.answers, 'answer')}, kept for good`],
    ['index', formatBytes(beside.index), 'what was seen and made: can be deleted, costs hashing'],
    ['rules', formatBytes(beside.rules), 'bundles of rules'],
    ['logs', formatBytes(beside.logs), 'what targets printed'],
    ['aside', formatBytes(beside.aside), 'files that were in the way of outputs: yours to look through and remove'],
  ];
  const at = rows.findIndex(([name]) => name === 'saved');
  if (stats.gaps > 0)
    rows.splice(at, 0, [
      '  gaps',
      formatBytes(stats.gaps),
      'of these beside what is needed: `gc` makes them good where they are large',
    ]);
  if (beside.databases > 0)
    rows.push(['databases', formatBytes(beside.databases), 'what was in them: can be deleted, costs reading them']);
  if (beside.stage > 0) rows.push(['stage', formatBytes(beside.stage), 'of builds under way']);
  return table(rows, [1]).join('\n');
}

export function cacheCheckText({ objects, bytes, damaged, incomplete, lost }: CacheCheck): string {
  const whole = `read ${plural(objects, 'object')}, ${formatBytes(bytes)}`;
  if (damaged.length + incomplete.length === 0) return `${whole}: all are what their names say`;
  const lines = [
    ...damaged.map((digest) => `damaged, dropped: ${digest}`),
    ...lost.map(({ target, last, outputs, parts }) =>
      parts > 0
        ? `${target}: ${plural(parts, 'remembered part')} must be made again when wanted`
        : `${target}: ${last ? 'its last result' : 'an earlier result'} cannot be restored (${outputs.join(', ')})`,
    ),
  ];
  const nothing = lost.length === 0 ? '; no result needs them' : '';
  return [
    ...lines,
    `${whole}: ${plural(damaged.length + incomplete.length, 'object')} damaged or incomplete${nothing}`,
  ].join('\n');
}
