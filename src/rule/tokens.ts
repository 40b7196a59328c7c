/** A token of JavaScript as esbuild prints it. */
export interface Token {
  /** `template` is a whole literal without substitutions, or one of the pieces between its `${` and `}`. */
  readonly type: 'name' | 'number' | 'string' | 'template' | 'regex' | 'punctuation';
  readonly text: string;
  readonly start: number;
}

/**
 * The tokens of a program that esbuild printed, without white space and comments; undefined where that cannot be told.
 *
 * This is no parser: a `/` opens a regular expression where no value stands before it, which is all that can go wrong
 * in printed code. Punctuation comes one character at a time.
 */
export function tokensOf(code: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  /** What each open bracket was: a `${` ends in a template again, the `(` of an `if` does not end a value. */
  const open: ('template' | 'head' | 'plain')[] = [];
  let value = false;
  let at = 0;
  while (at < code.length) {
    const start = at;
    const match = sticky(BLANK, code, at);
    if (match > at) {
      at = match;
      continue;
    }
    const char = code.charAt(at);
    let type: Token['type'] = 'punctuation';
    let end = at + 1;
    let valueAfter = false;
    if (char === '"' || char === "'") {
      [type, end, valueAfter] = ['string', sticky(STRING, code, at), true];
    } else if (char === '`' || (char === '}' && open.at(-1) === 'template')) {
      if (char === '}') open.pop();
      end = sticky(TEMPLATE, code, at);
      type = 'template';
      valueAfter = code.charAt(end - 1) === '`';
      if (!valueAfter) open.push('template');
    } else if (char === '/' && !value) {
      [type, end, valueAfter] = ['regex', sticky(REGEX, code, at), true];
    } else {
      const name = sticky(NAME, code, at);
      const number = sticky(NUMBER, code, at);
      if (number > at) [type, end, valueAfter] = ['number', number, true];
      else if (name > at) {
        [type, end] = ['name', name];
        valueAfter = tokens.at(-1)?.text === '.' || !BEFORE_VALUE.has(code.slice(at, name));
      } else if (char === '(' || char === '[' || char === '{') {
        const before = tokens.at(-1);
        open.push(char === '(' && before?.type === 'name' && HEADS.has(before.text) ? 'head' : 'plain');
      } else if (char === ')' || char === ']' || char === '}') {
        // After a `}` a regular expression is as rare as a division, and the division is of an object.
        valueAfter = open.pop() !== 'head' && char !== '}';
      } else if ((char === '+' || char === '-') && code.charAt(at + 1) === char) {
        end = at + 2;
        valueAfter = value;
      }
    }
    if (end <= start) return undefined;
    tokens.push({ type, text: code.slice(start, end), start });
    value = valueAfter;
    at = end;
  }
  return open.length === 0 ? tokens : undefined;
}

const BLANK = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)+/y;
const STRING = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/y;
const TEMPLATE = /[`}](?:[^`\\$]|\\[^]|\$(?!\{))*(?:`|\$\{)/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const NAME = /[#@]?(?:[\p{ID_Start}$_]|\\u)(?:[\p{ID_Continue}$\u200c\u200d]|\\u(?:\{[^}]*\})?)*/uy;
const NUMBER = /\.?\d(?:[eE][+-]|[\w.])*/y;
const BEFORE_VALUE = new Set(
  'return typeof case in of delete void instanceof new throw else do yield await default extends'.split(' '),
);
const HEADS = new Set(['if', 'while', 'for', 'with']);

/** Where a match that begins exactly at `at` ends; `at` itself where there is none. */
function sticky(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
