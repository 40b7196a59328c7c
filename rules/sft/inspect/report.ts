import type { Writable } from '../../lib/chat/json-text.js';
import { plural } from '../../lib/counts.js';
import type { Summary } from './summary.js';

const LISTED = 20;

/** The summary for people: Markdown. */
export function reportOf(summary: Summary): string {
  const at = (...keys: readonly string[]) => memberOf(summary, keys);
  const sections = [
    '# Rows',
    table(
      ['what', 'number'],
      [
        ['rows', at('rows')],
        ...entries(at('unreadable')),
        ['sessions', at('sessions', 'count')],
        ['rows a session', spread(at('sessions', 'rows'))],
        ['turns a session', spread(at('turns'))],
        ['messages', at('messages', 'count')],
        ['characters of text', at('text', 'characters')],
        ['tool calls', at('tool_calls', 'count')],
        ['images', at('images', 'count')],
        ['bytes of images', at('images', 'bytes')],
      ],
    ),
    ...funnel(summary),
    ...counts('Roles', 'messages', entries(at('messages', 'roles'))),
    ...counts('Images', 'images', entries(at('images', 'sizes'))),
    ...counts('Tool calls', 'calls', entries(at('tool_calls', 'names'))),
    ...counts('Models', 'rows', entries(at('models'))),
    ...counts('New achievements', 'turns', entries(at('achievements', 'new_unique'))),
    `## Tokens\n\nEstimates for one pass over all rows, as of ${cellText(at('tokens', 'as_of'))}; images at high detail${uncounted(at('images', 'unknown_size'))}.`,
    table(
      ['family', 'text', 'images', 'total'],
      list(at('tokens', 'families')).map((family) =>
        ['family', 'text', 'images', 'total'].map((key) => memberOf(family, [key])),
      ),
    ),
  ];
  return `${sections.join('\n\n')}\n`;
}

type Cell = Writable | undefined;

/** What became of the exported rows, in the order in which it did; nothing where that cannot be told. */
function funnel(summary: Summary): string[] {
  const at = (key: string) => memberOf(summary, ['funnel', key]);
  const [exported, untold] = [at('exported'), at('untold')];
  const rejected = entries(at('rejected'));
  if (exported === undefined && rejected.length === 0) return [];
  const rows: (readonly [string, Cell])[] = [
    ...(exported === undefined ? [] : [['exported', exported] as const]),
    ...rejected.map(([reason, count]) => [`rejected: ${reason}`, count] as const),
    ...(Number(untold ?? 0) === 0 ? [] : [['not told', untold] as const]),
    ['in these rows', at('rows')],
  ];
  return ['## From export to dataset', table(['', 'rows'], rows)];
}

function uncounted(images: Cell): string {
  const count = Number(images);
  return count === 0 ? '' : `, without the ${plural(count, 'image')} of unknown size`;
}

/** A section with a table of counts, the largest first; none where there is nothing. */
function counts(title: string, unit: string, rows: readonly (readonly [string, Cell])[]): string[] {
  if (rows.length === 0) return [];
  const ordered = rows.toSorted((a, b) => Number(b[1]) - Number(a[1]));
  const more = ordered.length - LISTED;
  const shown = more > 1 ? [...ordered.slice(0, LISTED), [`and ${more} more`, ''] as const] : ordered;
  return [`## ${title}`, table(['', unit], shown)];
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map((row) => line(row.map(cellText)))].join('\n');
}

/** Groups of three digits, and nothing that would end the cell. */
function cellText(cell: Cell): string {
  if (typeof cell === 'number') return String(cell).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  if (typeof cell !== 'string') return '';
  return cell.replace(/[|\\`*_<>[\]]/g, '\\$&').replace(/\s+/g, ' ');
}

function spread(value: Cell): string {
  const [least, median, most] = ['least', 'median', 'most'].map((key) => cellText(memberOf(value, [key])));
  return `${least ?? ''} to ${most ?? ''}, median ${median ?? ''}`;
}

function list(value: Cell): readonly Writable[] {
  return Array.isArray(value) ? value : [];
}

function entries(value: Cell): (readonly [string, Cell])[] {
  return value instanceof Map ? [...(value as ReadonlyMap<string, Writable>)] : [];
}

function memberOf(value: Cell, keys: readonly string[]): Cell {
  let found: Cell = value;
  for (const key of keys) found = (found as Readonly<Record<string, Cell>> | undefined)?.[key];
  return found;
}
