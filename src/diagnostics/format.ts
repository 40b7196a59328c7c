import { styleText } from 'node:util';
import { visible } from '../base/text.js';
import type { Diagnostic, Location } from './diagnostic.js';

interface FormatOptions {
  /** Whether to style with terminal escapes. The text is the same without them. */
  readonly color: boolean;
}

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

/** How much of a source line is shown, and how much of that stands before the place meant. */
const SHOWN_COLUMNS = 100;
const SHOWN_BEFORE = 40;

/**
 * A diagnostic as text, without a line feed at its end:
 *
 *     VB121: there is no var `seds`
 *       pipeline.yaml:12:14
 *       12 |     params: { seeds: "${vars.seds}" }
 *          |                       ^^^^^^^^^^^^
 *       vars  out, seeds
 *       next  write `${vars.seeds}`
 */
export function formatDiagnostic(diagnostic: Diagnostic, { color }: FormatOptions): string {
  const paint: Paint = color ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
  const headline = visible(diagnostic.headline).replaceAll('\n', `\n${' '.repeat(diagnostic.code.length + 2)}`);
  const lines = [`${paint(['red', 'bold'], diagnostic.code)}${paint('bold', `: ${headline}`)}`];
  if (diagnostic.at !== undefined) lines.push(...place(diagnostic.at, '', 'red', paint));
  for (const other of diagnostic.also ?? []) lines.push(...place(other.at, other.label, 'yellow', paint));
  const pairs = [...(diagnostic.facts ?? [])];
  if (diagnostic.next !== undefined) pairs.push(['next', diagnostic.next]);
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  for (const [name, value] of pairs) {
    const indented = visible(value).replaceAll('\n', `\n${' '.repeat(width + 4)}`);
    lines.push(`  ${paint(name === 'next' ? 'green' : 'dim', name.padEnd(width))}  ${indented}`);
  }
  return lines.join('\n');
}

/** `pipeline.yaml:12:14` */
function formatLocation(at: Location): string {
  return `${at.path}:${at.line}:${at.column}`;
}

function place(at: Location, label: string, style: 'red' | 'yellow', paint: Paint): string[] {
  const head = `  ${paint('cyan', formatLocation(at))}${label === '' ? '' : `  ${label}`}`;
  if (at.text === undefined || at.text.trim() === '') return [head];
  const characters = Array.from(visible(at.text.trimEnd()));
  const start = at.column - 1;
  const from =
    characters.length <= SHOWN_COLUMNS
      ? 0
      : Math.max(0, Math.min(start - SHOWN_BEFORE, characters.length - SHOWN_COLUMNS));
  const shown = characters.slice(from, from + SHOWN_COLUMNS);
  const length = Math.max(1, Math.min(at.length ?? 1, from + shown.length - start));
  const pad = characters.slice(from, start).map(blank).join('');
  const marks =
    characters
      .slice(start, start + length)
      .map((character) => (isWide(character) ? '^^' : '^'))
      .join('') || '^';
  const number = String(at.line);
  const lead = from > 0 ? '… ' : '';
  const tail = from + shown.length < characters.length ? ' …' : '';
  return [
    head,
    `  ${paint('dim', `${number} |`)} ${lead}${shown.join('')}${tail}`,
    `  ${paint('dim', `${' '.repeat(number.length)} |`)} ${' '.repeat(lead.length)}${pad}${paint(style, marks)}`,
  ];
}

/** What keeps the marks below their characters: a tab for a tab, two columns for a wide character. */
function blank(character: string): string {
  if (character === '\t') return '\t';
  return isWide(character) ? '  ' : ' ';
}

function isWide(character: string): boolean {
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
    character,
  );
}
