/** A text with `${…}` in it, taken apart. Offsets are those of the text. */
export type Part =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'reference';
      readonly space: Space;
      readonly path: readonly [string, ...string[]];
      /** What stands behind `:-`, taken apart as well. */
      readonly fallback: readonly Part[] | undefined;
      readonly start: number;
      readonly end: number;
    }
  | { readonly type: 'wrong'; readonly problem: TemplateProblem; readonly start: number; readonly end: number };

/** Where a value can come from. */
const SPACES = ['vars', 'env', 'params', 'matrix'] as const;
type Space = (typeof SPACES)[number];

export type TemplateProblem =
  | { readonly type: 'unclosed' }
  | { readonly type: 'empty' }
  /** `${seeds}`: no space is named. */
  | { readonly type: 'bare'; readonly name: string }
  | { readonly type: 'unknown-space'; readonly space: string; readonly rest: string }
  | { readonly type: 'malformed'; readonly text: string };

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** Takes a text apart. `$$` is a dollar, `${…}` a reference, any other `$` itself. */
export function parseTemplate(text: string, offset = 0): Part[] {
  if (!text.includes('$')) return text === '' ? [] : [{ type: 'text', text }];
  const parts: Part[] = [];
  let literal = '';
  let i = 0;
  const flush = (): void => {
    if (literal !== '') parts.push({ type: 'text', text: literal });
    literal = '';
  };
  while (i < text.length) {
    const dollar = text.indexOf('$', i);
    if (dollar < 0) break;
    literal += text.slice(i, dollar);
    const next = text[dollar + 1];
    if (next === '$') {
      literal += '$';
      i = dollar + 2;
    } else if (next === '{') {
      flush();
      const end = closingBrace(text, dollar + 1);
      if (end === undefined) {
        parts.push({ type: 'wrong', problem: { type: 'unclosed' }, start: offset + dollar, end: offset + text.length });
        return parts;
      }
      parts.push(parseReference(text.slice(dollar + 2, end), offset + dollar, offset + end + 1));
      i = end + 1;
    } else {
      literal += '$';
      i = dollar + 1;
    }
  }
  literal += text.slice(i);
  flush();
  return parts;
}

/** The index of the brace that closes the one at `open`. */
function closingBrace(text: string, open: number): number | undefined {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '{' && (i === open || text[i - 1] === '$')) depth++;
    else if (text[i] === '}' && --depth === 0) return i;
  }
  return undefined;
}

function parseReference(inner: string, start: number, end: number): Part {
  const wrong = (problem: TemplateProblem): Part => ({ type: 'wrong', problem, start, end });
  const split = inner.indexOf(':-');
  const written = (split < 0 ? inner : inner.slice(0, split)).trim();
  if (written === '') return wrong({ type: 'empty' });
  const [space = '', first, ...deeper] = written.split('.');
  if (first === undefined)
    return NAME.test(space) ? wrong({ type: 'bare', name: space }) : wrong({ type: 'malformed', text: written });
  if (!NAME.test(first) || !deeper.every((step) => /^[A-Za-z0-9_-]+$/.test(step)))
    return wrong({ type: 'malformed', text: written });
  if (!isSpace(space)) return wrong({ type: 'unknown-space', space, rest: [first, ...deeper].join('.') });
  const fallback = split < 0 ? undefined : parseTemplate(inner.slice(split + 2), start + 2 + split + 2);
  return { type: 'reference', space, path: [first, ...deeper], fallback, start, end };
}

function isSpace(text: string): text is Space {
  return (SPACES as readonly string[]).includes(text);
}
