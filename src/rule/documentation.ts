import { tokensOf, type Token } from './tokens.js';

/**
 * A printed bundle without the texts that only document a rule: `summary` of its definition, and `.describe('…')` within
 * the definition's `params`, also where those are put together from schemas that are used for nothing else.
 *
 * A `.describe` elsewhere stays: it may well be the prompt of a model. Where the tokens do not tell, everything stays;
 * that costs a rebuild and never hides a change.
 */
export function withoutDocumentation(code: string): string {
  const tokens = tokensOf(code);
  if (tokens === undefined) return code;
  const definition = definitionOf(tokens);
  if (definition === undefined) return code;
  const cuts: Cut[] = [];
  if (definition.summary !== undefined)
    cuts.push({ from: definition.summary.from, to: definition.summary.to, by: '""' });
  if (definition.params !== undefined) cutDescriptions(tokens, definition.params, cuts);
  return apply(code, tokens, cuts);
}

/** A range of tokens, the end excluded. */
interface Range {
  readonly from: number;
  readonly to: number;
}
interface Cut extends Range {
  readonly by: string;
}

/** Where `summary` and `params` of the one `defineRule({ … })` are. */
function definitionOf(tokens: readonly Token[]): { summary?: Range; params?: Range } | undefined {
  const calls = tokens.flatMap((token, i) =>
    token.text === 'defineRule' && textAt(tokens, i + 1) === '(' && textAt(tokens, i + 2) === '{' ? [i + 3] : [],
  );
  const [first] = calls;
  if (first === undefined || calls.length > 1) return undefined;
  const found: { summary?: Range; params?: Range } = {};
  let at = first;
  while (at < tokens.length && textAt(tokens, at) !== '}') {
    const end = endOfItem(tokens, at);
    const key = textAt(tokens, at).replace(/^(["'])(.*)\1$/, '$2');
    const value = { from: at + 2, to: end };
    if (textAt(tokens, at + 1) === ':') {
      if (key === 'summary' && isText(tokens, value)) found.summary = value;
      if (key === 'params') found.params = value;
    } else if (key === 'params' && end === at + 1) {
      found.params = { from: at, to: end };
    }
    at = textAt(tokens, end) === ',' ? end + 1 : end;
  }
  return found;
}

/** Cuts `.describe('…')` in a range, and in the initialisers of variables that are used there and nowhere else. */
function cutDescriptions(tokens: readonly Token[], range: Range, cuts: Cut[]): void {
  for (let i = range.from; i < range.to; i++) {
    const token = tokens[i];
    if (token?.type !== 'name') continue;
    if (textAt(tokens, i - 1) !== '.') {
      const initialiser = initialiserOf(tokens, token.text, i);
      if (initialiser !== undefined) cutDescriptions(tokens, initialiser, cuts);
    } else if (token.text === 'describe' && textAt(tokens, i + 1) === '(') {
      const argument = { from: i + 2, to: endOfItem(tokens, i + 2) };
      if (textAt(tokens, argument.to) === ')' && isText(tokens, argument)) {
        cuts.push({ from: i - 1, to: argument.to + 1, by: '' });
      }
    }
  }
}

/** The value of `var NAME = …`, where that and the use at hand are all that speak of the name. */
function initialiserOf(tokens: readonly Token[], name: string, use: number): Range | undefined {
  const others = tokens.flatMap((token, i) => (token.text === name && i !== use ? [i] : []));
  const [at] = others;
  if (at === undefined || others.length > 1) return undefined;
  if (!['var', 'let', 'const', ','].includes(textAt(tokens, at - 1)) || textAt(tokens, at + 1) !== '=')
    return undefined;
  return { from: at + 2, to: endOfItem(tokens, at + 2) };
}

/** The index of the `,`, `;` or closing bracket that ends what begins at `from`. */
function endOfItem(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    const token = tokens[i];
    if (token?.type === 'template') {
      if (token.text.startsWith('}')) depth--;
      if (token.text.endsWith('${')) depth++;
    }
    if (token?.type !== 'punctuation') continue;
    if ('([{'.includes(token.text)) depth++;
    else if (')]}'.includes(token.text)) {
      if (depth === 0) return i;
      depth--;
    } else if ((token.text === ',' || token.text === ';') && depth === 0) return i;
  }
  return tokens.length;
}

/** Whether a range is one literal text. */
function isText(tokens: readonly Token[], { from, to }: Range): boolean {
  const token = tokens[from];
  if (to !== from + 1 || token === undefined) return false;
  return token.type === 'string' || (token.type === 'template' && /^`[^]*`$/.test(token.text));
}

function textAt(tokens: readonly Token[], index: number): string {
  return tokens[index]?.text ?? '';
}

function apply(code: string, tokens: readonly Token[], cuts: readonly Cut[]): string {
  let text = '';
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a.from - b.from)) {
    const from = tokens[cut.from]?.start ?? code.length;
    if (from < at) continue;
    text += code.slice(at, from) + cut.by;
    at = tokens[cut.to]?.start ?? code.length;
  }
  return text + code.slice(at);
}
