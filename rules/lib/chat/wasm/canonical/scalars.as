/** Passing strings, words and numbers. */

/** A longer one is hardly a number. */
const MOST_DIGITS: usize = 300;
/** A decimal of so many digits is the shortest of its double. */
const EXACT_DIGITS: usize = 15;

/** Whether the string that was passed last has escapes. */
export let escaped: bool = false;

/** Which of 16 bytes end a run of characters that stand for themselves. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function specials(bytes: v128): v128 {
  return v128.or(
    v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
    i8x16.lt_u(bytes, i8x16.splat(0x20)),
  );
}

/** The address after the quote that ends a string; 0 for one that must be decoded to be told. */
export function string(at: usize): usize {
  escaped = false;
  let width: usize = 16;
  let mask: u64 = i8x16.bitmask(specials(v128.load(at))) as u64;
  while (true) {
    while (mask == 0) {
      at += width;
      width = 64;
      // What is longer than that is often much longer.
      while (true) {
        const a = specials(v128.load(at));
        const b = specials(v128.load(at, 16));
        const c = specials(v128.load(at, 32));
        const d = specials(v128.load(at, 48));
        if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
          const low = (i8x16.bitmask(a) | (i8x16.bitmask(b) << 16)) as u32;
          const high = (i8x16.bitmask(c) | (i8x16.bitmask(d) << 16)) as u32;
          mask = (low as u64) | ((high as u64) << 32);
          break;
        }
        at += 64;
      }
    }
    const place = ctz(mask) as usize;
    const byte = load<u8>(at + place);
    if (byte == 0x22) return at + place + 1;
    if (byte != 0x5c) return 0;
    const kind = load<u8>(at + place + 1);
    if (
      kind != 0x6e && kind != 0x22 && kind != 0x5c && kind != 0x74 && kind != 0x72 && kind != 0x62 && kind != 0x66
    ) return 0;
    escaped = true;
    // Without what is escaped, which may be behind these bytes.
    mask &= ~((3 as u64) << place);
    if (place == width - 1) {
      at++;
      mask = 0;
    }
  }
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isDigit(byte: u8): bool {
  return byte - 0x30 < 10;
}

/** The address after a word or number. */
export function scalar(at: usize, byte: u8): usize {
  const four = load<u32>(at);
  if (four == 0x65757274 || four == 0x6c6c756e) return at + 4; // true, null
  if (four == 0x736c6166 && load<u8>(at + 4) == 0x65) return at + 5; // false
  if ((four & 0xffffff) == 0x4e614e) return at + 3; // NaN
  return number(at, byte);
}

/** An integer, or a decimal that is short enough to be told from its digits. */
function number(at: usize, byte: u8): usize {
  const negative = byte == 0x2d;
  if (negative) at++;
  const start = at;
  while (isDigit(load<u8>(at))) at++;
  const whole = at - start;
  const zero = load<u8>(start) == 0x30;
  if (whole == 0 || whole > MOST_DIGITS || (zero && whole > 1)) return 0;
  const after = load<u8>(at);
  if ((after | 0x20) == 0x65) return 0;
  if (after != 0x2e) return zero && negative ? 0 : at;
  const point = ++at;
  while (isDigit(load<u8>(at))) at++;
  const fraction = at - point;
  if (fraction == 0 || whole + fraction > EXACT_DIGITS || (load<u8>(at) | 0x20) == 0x65) return 0;
  if (fraction == 1 && load<u8>(point) == 0x30) return at;
  // No zero at the end; and what is below 0.0001 is written with an exponent.
  if (load<u8>(at - 1) == 0x30 || (zero && load<u32>(point) == 0x30303030)) return 0;
  return at;
}
