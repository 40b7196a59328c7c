/** A text as its code points: what columns and cuts count, so that no character is split. */
export function characters(text: string): string[] {
  return Array.from(text);
}

/**
 * The text with control characters as pictures of them (`␛`): names of files and what a pipeline says may have any, and a
 * terminal would obey. Line feeds and tabs stay.
 */
export function visible(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, pictureOf);
}

/** The same for a text that is to stay in its line. */
export function visibleInLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, pictureOf);
}

function pictureOf(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
}
