/** A text as its code points: what columns and cuts count, so that no character is split. */
export function characters(text: string): string[] {
  return Array.from(text);
}
