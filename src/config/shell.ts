/**
 * How the shell reads a place of a command's text: what a value put there has to look like.
 *
 *   none       a word of its own, or part of one
 *   double     inside "…"
 *   single     inside '…'
 *   heredoc    in the body of a here-document whose delimiter is not quoted
 *   verbatim   in the body of a here-document whose delimiter is quoted, or in a comment
 */
export type Quoting = 'none' | 'double' | 'single' | 'heredoc' | 'verbatim';

const BETWEEN: Readonly<Record<Quoting, string>> = {
  none: ' ',
  double: '" "',
  single: "' '",
  heredoc: ' ',
  verbatim: ' ',
};

/** Words as the shell must see them at a place of that quoting: each one word, also where quotes stand around the place. */
export function shellWords(words: readonly string[], quoting: Quoting): string {
  return words.map((word) => shellWord(word, quoting)).join(BETWEEN[quoting]);
}

function shellWord(word: string, quoting: Quoting): string {
  switch (quoting) {
    case 'none':
      return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
    case 'double':
      return word.replaceAll(/[\\"$`]/g, String.raw`\$&`);
    case 'single':
      return word.replaceAll("'", String.raw`'\''`);
    case 'heredoc':
      return word.replaceAll(/[\\$`]/g, String.raw`\$&`);
    case 'verbatim':
      return word;
  }
}

/**
 * The quoting at every character of a shell text: quotes, escapes, `$(…)`, comments and here-documents are followed;
 * backticks are not (what stands in them is read as the text around them).
 *
 *   word ──"──> double ──"──> word          double ──$(──> word ──)──> double
 *   word ──'──> single ──'──> word          word ──#──> comment ──\n──> word
 *   word ──<<X … \n──> here-document ──\nX\n──> word
 */
export function quotingOf(text: string): readonly Quoting[] {
  const result: Quoting[] = new Array<Quoting>(text.length).fill('none');
  const open: ('(' | '"')[] = [];
  const bodies: { readonly delimiter: string; readonly tabs: boolean; readonly quoting: Quoting }[] = [];
  const mark = (from: number, to: number, quoting: Quoting): number => {
    result.fill(quoting, from, to);
    return to;
  };
  const endOf = (needle: string, from: number): number => {
    const found = text.indexOf(needle, from);
    return found < 0 ? text.length : found;
  };
  let i = 0;
  while (i < text.length) {
    const character = text.charAt(i);
    const inDouble = open.at(-1) === '"';
    if (inDouble) result[i] = 'double';
    if (character === '\\') i = inDouble ? mark(i, Math.min(i + 2, text.length), 'double') : i + 2;
    else if (character === '"') {
      if (inDouble) open.pop();
      else open.push('"');
      i++;
    } else if (character === '$' && text[i + 1] === '(') {
      open.push('(');
      i += 2;
    } else if (inDouble) i++;
    else if (character === "'") i = mark(i + 1, endOf("'", i + 1), 'single') + 1;
    else if (character === '(') {
      open.push('(');
      i++;
    } else if (character === ')') {
      if (open.at(-1) === '(') open.pop();
      i++;
    } else if (character === '#' && (i === 0 || /[\s;&|()]/.test(text.charAt(i - 1)))) {
      i = mark(i, endOf('\n', i), 'verbatim');
    } else if (character === '<') {
      const here = /^<<(-?)[ \t]*(['"\\]?)([A-Za-z_]\w*)/.exec(text.slice(i, i + 200));
      if (here === null) i++;
      else {
        const [whole, dash, quote, delimiter = ''] = here;
        bodies.push({ delimiter, tabs: dash === '-', quoting: quote === '' ? 'heredoc' : 'verbatim' });
        i += whole.length + (quote === "'" || quote === '"' ? 1 : 0);
      }
    } else if (character === '\n' && bodies.length > 0) {
      i++;
      for (const { delimiter, tabs, quoting } of bodies.splice(0)) {
        const end = new RegExp(`^${tabs ? '\\t*' : ''}${delimiter}$`, 'm').exec(text.slice(i));
        const to = end === null ? text.length : i + end.index;
        mark(i, to, quoting);
        i = end === null ? to : to + end[0].length;
      }
    } else i++;
  }
  return result;
}
