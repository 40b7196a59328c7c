/**
 * Compares two strings by the bytes of their UTF-8 form: the one order of the project.
 *
 * UTF-16 order (what `<` gives) differs from it only where a surrogate meets a unit at or above U+E000, so the two
 * code units decide unless both are that high.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (x >= 0xd800 && y >= 0xd800) return rotateSurrogates(x) - rotateSurrogates(y);
    return x - y;
  }
  return a.length - b.length;
}

/** Moves surrogates above the rest of the basic plane, where their code points are. */
function rotateSurrogates(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** The entries of a record, in byte order of their names. */
export function sortedEntries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => compareBytes(a, b));
}
