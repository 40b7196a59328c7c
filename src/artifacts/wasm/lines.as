/**
 * Finds where blocks of lines end. AssemblyScript, compiled by `scripts/kernels.mjs`; `PlainLines` does the same, a line at
 * a time.
 *
 * The text is the caller's to write, from `TEXT` on. What lies behind it is read, by less than 64 bytes, and not looked at.
 */

/** What `next` found: where the line begins at which it stopped, how long the block is, and how many lines it took. */
export const FOUND: usize = 1024;
export const TEXT: usize = 4096;

/** What `next` returns. */
const NOTHING: u32 = 0;
const BEFORE: u32 = 1;
const AFTER: u32 = 2;

const LF: u8 = 0x0a;

const P1: u64 = 0x9e3779b185ebca87;
const P2: u64 = 0xc2b2ae3d27d4eb4f;
const P3: u64 = 0x165667b19e3779f9;
const P4: u64 = 0x85ebca77c2b2ae63;
const P5: u64 = 0x27d4eb2f165667c5;

/**
 * Adds the lines that end before `end` to a block that has `length` bytes, up to one before or after which it ends.
 *
 * @param line where one begins of which all bytes up to `from` are known to be no end.
 */
export function next(line: usize, from: usize, end: usize, length: u32, min: u32, max: u32, certain: u32): u32 {
  let lines: u32 = 0;
  let result = NOTHING;
  while (true) {
    const lineEnd = lineFeed(from, end) + 1;
    if (lineEnd > end) break;
    const own = (lineEnd - line) as u32;
    if (length > 0 && length + own > max) {
      result = BEFORE;
      break;
    }
    length += own;
    lines++;
    // `own` is below 2^20 where it is shifted.
    const ends = length >= min && (own >= certain || hash(line, own as usize) < (own as u64) << 44);
    line = from = lineEnd;
    if (ends) {
      result = AFTER;
      break;
    }
  }
  store<u32>(FOUND, line as u32);
  store<u32>(FOUND, length, 4);
  store<u32>(FOUND, lines, 8);
  return result;
}

/** Where the first line feed is; `end` where there is none before. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function lineFeed(at: usize, end: usize): usize {
  const feed = i8x16.splat(LF);
  while (at < end) {
    const a = i8x16.eq(v128.load(at), feed);
    const b = i8x16.eq(v128.load(at, 16), feed);
    const c = i8x16.eq(v128.load(at, 32), feed);
    const d = i8x16.eq(v128.load(at, 48), feed);
    if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
      const low = (i8x16.bitmask(a) | (i8x16.bitmask(b) << 16)) as u32;
      const high = (i8x16.bitmask(c) | (i8x16.bitmask(d) << 16)) as u32;
      return min(at + (ctz((low as u64) | ((high as u64) << 32)) as usize), end);
    }
    at += 64;
  }
  return end;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function round(sum: u64, input: u64): u64 {
  return rotl(sum + input * P2, 31) * P1;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function merge(sum: u64, lane: u64): u64 {
  return (sum ^ round(0, lane)) * P1 + P4;
}

/** xxh64 with seed 0: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. */
export function hash(at: usize, length: usize): u64 {
  const end = at + length;
  let sum: u64;
  if (length >= 32) {
    let a: u64 = P1 + P2;
    let b: u64 = P2;
    let c: u64 = 0;
    let d: u64 = 0 - P1;
    for (const last = end - 32; at <= last; at += 32) {
      a = round(a, load<u64>(at));
      b = round(b, load<u64>(at, 8));
      c = round(c, load<u64>(at, 16));
      d = round(d, load<u64>(at, 24));
    }
    sum = rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18);
    sum = merge(merge(merge(merge(sum, a), b), c), d);
  } else sum = P5;
  sum += length as u64;
  for (; at + 8 <= end; at += 8) sum = rotl(sum ^ round(0, load<u64>(at)), 27) * P1 + P4;
  if (at + 4 <= end) {
    sum = rotl(sum ^ ((load<u32>(at) as u64) * P1), 23) * P2 + P3;
    at += 4;
  }
  for (; at < end; at++) sum = rotl(sum ^ ((load<u8>(at) as u64) * P5), 11) * P1;
  sum = (sum ^ (sum >> 33)) * P2;
  sum = (sum ^ (sum >> 29)) * P3;
  return sum ^ (sum >> 32);
}
