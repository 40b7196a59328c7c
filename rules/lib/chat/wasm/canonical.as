/**
 * Passes JSON objects that are written as `writeCanonicalLine` writes them. AssemblyScript, compiled by
 * `scripts/kernels.mjs`. `JsonBytes.canonical` says the same a byte at a time, and takes all that this takes.
 *
 * The text is the caller's to write, from `TEXT` on, with at least 16 bytes of zero behind it: like all control
 * characters these are in no value, so nothing runs past them.
 */

/** What was found of the outermost object's members, 16 bytes each: where key and value begin and end. */
export const MEMBERS: usize = 1024;
/** There may be so many. */
const MOST_MEMBERS: usize = 64;
/** By depth, from where on the keys of the object lie in `KEYS`; for a list, `LIST`. */
const FRAMES: usize = MEMBERS + 16 * MOST_MEMBERS;
const MOST_DEPTH: usize = 500;
/** Where the keys of all open objects begin, and how long they are: 8 bytes each. */
const KEYS: usize = FRAMES + 4 * (MOST_DEPTH + 1);
const MOST_KEYS: usize = 4096;
export const TEXT: usize = 65536;

const LIST: u32 = 0xffffffff;
/** Numbers are compared with no others, but a longer one is hardly a number. */
const MOST_DIGITS: usize = 300;
/** A decimal of so many digits is the shortest of its double. */
const EXACT_DIGITS: usize = 15;

let count: i32 = 0;

/** How many members the outermost object has. */
export function members(): i32 {
  return count;
}

/** The address after the object that begins at an address; 0 where it is not canonical, or unusual. */
export function object(at: usize): usize {
  count = 0;
  if (load<u8>(at) != 0x7b) return 0;
  let depth: usize = 0;
  let keys = KEYS;
  let keyStart: usize = 0;
  let keyEnd: usize = 0;
  let valueStart: usize = at;
  while (true) {
    // A value begins here.
    const byte = load<u8>(at);
    let closed = true;
    if (byte == 0x22) {
      at = string(at + 1);
    } else if (byte == 0x7b) {
      if (load<u8>(at + 1) == 0x7d) at += 2;
      else {
        if (depth == MOST_DEPTH) return 0;
        store<u32>(FRAMES + 4 * depth++, keys as u32);
        at++;
        closed = false;
      }
    } else if (byte == 0x5b) {
      if (load<u8>(at + 1) == 0x5d) at += 2;
      else {
        if (depth == MOST_DEPTH) return 0;
        store<u32>(FRAMES + 4 * depth++, LIST);
        at++;
        closed = false;
      }
    } else {
      at = scalar(at, byte);
    }
    if (at == 0) return 0;
    // Up to where the next value begins.
    while (true) {
      if (depth == 0) return at;
      const frame = load<u32>(FRAMES + 4 * (depth - 1));
      if (closed) {
        if (depth == 1) {
          if ((count as usize) == MOST_MEMBERS) return 0;
          const member = MEMBERS + 16 * (count++ as usize);
          store<u32>(member, keyStart as u32);
          store<u32>(member, keyEnd as u32, 4);
          store<u32>(member, valueStart as u32, 8);
          store<u32>(member, at as u32, 12);
        }
        const after = load<u16>(at);
        if (after == 0x202c) at += 2;
        else {
          const close: u16 = frame == LIST ? 0x5d : 0x7d;
          if ((after & 0xff) != close) return 0;
          at++;
          depth--;
          if (frame != LIST) keys = frame as usize;
          continue;
        }
      }
      if (frame != LIST) {
        if (load<u8>(at) != 0x22) return 0;
        const start = at + 1;
        at = string(start);
        // A key with escapes is left to who asks: two may be one.
        if (at == 0 || escaped) return 0;
        const length = at - start;
        if (isKnown(frame as usize, keys, start, length) || keys == KEYS + 8 * MOST_KEYS) return 0;
        store<u32>(keys, start as u32);
        store<u32>(keys, length as u32, 4);
        keys += 8;
        if (load<u16>(at) != 0x203a) return 0;
        if (depth == 1) {
          keyStart = start;
          keyEnd = at - 1;
        }
        at += 2;
      }
      if (depth == 1) valueStart = at;
      break;
    }
  }
}

/** Whether a key is among those of its object. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isKnown(from: usize, end: usize, start: usize, length: usize): bool {
  for (let key = from; key < end; key += 8) {
    if ((load<u32>(key, 4) as usize) == length && memory.compare(load<u32>(key), start, length) == 0) return true;
  }
  return false;
}

/** Whether the string that was passed last has escapes. */
let escaped: bool = false;

/** The address after the quote that ends a string; 0 for one that must be decoded to be told. */
function string(at: usize): usize {
  escaped = false;
  const quote = i8x16.splat(0x22);
  const backslash = i8x16.splat(0x5c);
  const blank = i8x16.splat(0x20);
  while (true) {
    const bytes = v128.load(at);
    const special = v128.or(
      v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)),
      i8x16.lt_u(bytes, blank),
    );
    if (!v128.any_true(special)) {
      at += 16;
      continue;
    }
    at += ctz(i8x16.bitmask(special)) as usize;
    const byte = load<u8>(at);
    if (byte == 0x22) return at + 1;
    if (byte != 0x5c) return 0;
    const kind = load<u8>(at + 1);
    if (
      kind != 0x6e && kind != 0x22 && kind != 0x5c && kind != 0x74 && kind != 0x72 && kind != 0x62 && kind != 0x66
    ) return 0;
    escaped = true;
    at += 2;
  }
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isDigit(byte: u8): bool {
  return byte - 0x30 < 10;
}

/** The address after a word or number. */
function scalar(at: usize, byte: u8): usize {
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
