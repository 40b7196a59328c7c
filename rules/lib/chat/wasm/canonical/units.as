/** How long strings are. */

/** With the highest bit of a byte set where it is no ASCII character that stands for itself. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isOther(bytes: v128): v128 {
  return v128.or(bytes, i8x16.eq(bytes, i8x16.splat(0x5c)));
}

/**
 * How many units of UTF-16 a string has, by what stands between its quotes. `rows` must have passed it, so that an escape
 * is two characters, and stands for one.
 */
export function units(at: usize, end: usize): i32 {
  let count = 0;
  while (at < end) {
    // Mostly ASCII without escapes.
    while (at + 64 <= end) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const c = v128.load(at, 32);
      const d = v128.load(at, 48);
      const others = v128.or(v128.or(isOther(a), isOther(b)), v128.or(isOther(c), isOther(d)));
      if (i8x16.bitmask(others) != 0) break;
      count += 64;
      at += 64;
    }
    if (at == end) break;
    const bytes = v128.load(at);
    let taken: usize = end - at;
    let counted = taken < 16 ? (1 << (taken as i32)) - 1 : 0xffff;
    const escapes = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x5c))) & counted;
    if (escapes != 0) {
      taken = (ctz(escapes) as usize) + 2;
      counted &= (escapes & -escapes) - 1;
      count++;
    } else if (taken > 16) taken = 16;
    // All but the bytes that continue a character begin one, and from 0xf0 on one of two units.
    const begins = ~i8x16.bitmask(i8x16.lt_s(bytes, i8x16.splat(-64)));
    const pairs = i8x16.bitmask(i8x16.ge_u(bytes, i8x16.splat(-16)));
    count += popcnt(begins & counted) + popcnt(pairs & counted);
    at += taken;
  }
  return count;
}
