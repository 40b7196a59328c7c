/** Tiny letters, three pixels wide and five high, for captions. */

// Five rows of three pixels a letter, as octal digits: 7 is a full row.
// prettier-ignore
const GLYPHS: Readonly<Record<string, string>> = {
  a: '25755', b: '65656', c: '34443', d: '65556', e: '74647', f: '74644', g: '34553', h: '55755', i: '72227',
  j: '11152', k: '55655', l: '44447', m: '57755', n: '65555', o: '25552', p: '65644', q: '25573', r: '65655',
  s: '34216', t: '72222', u: '55557', v: '55552', w: '55775', x: '55255', y: '55222', z: '71247', 0: '25552',
  1: '26227', 2: '61247', 3: '61216', 4: '55711', 5: '74616', 6: '34652', 7: '71222', 8: '25252', 9: '25316',
  _: '00007', '-': '00700', '.': '00002', ':': '02020',
};

export const LETTER_WIDTH = 4;
export const LETTER_HEIGHT = 5;

/** Calls `dot` for every pixel of a text, its left top corner at (0, 0). Letters it lacks are blank. */
export function forEachDot(text: string, dot: (x: number, y: number) => void): void {
  Array.from(text.toLowerCase()).forEach((letter, n) => {
    Array.from(GLYPHS[letter] ?? '').forEach((row, y) => {
      for (let x = 0; x < 3; x++) if ((Number(row) & (4 >> x)) !== 0) dot(n * LETTER_WIDTH + x, y);
    });
  });
}
