/** Short flags that take a value, which may stand right behind them as in make: `-j4`, `-Cdir`. */
const VALUED = new Set(['j', 'f', 'C']);

/**
 * Brings the forms that make has taught people into the one form that the parser knows: `-j4` becomes `-j 4`,
 * `--jobs=4` and what stands behind `--` stay.
 */
export function splitShortFlags(argv: readonly string[]): string[] {
  const out: string[] = [];
  for (const [i, word] of argv.entries()) {
    if (word === '--') return [...out, ...argv.slice(i)];
    const letter = word[1];
    const glued = word.length > 2 && word.startsWith('-') && letter !== undefined && VALUED.has(letter);
    if (glued) out.push(`-${letter}`, word.slice(word[2] === '=' ? 3 : 2));
    else out.push(word);
  }
  return out;
}
