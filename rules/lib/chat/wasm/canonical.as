/**
 * Passes rows, JSON objects that are written as `writeCanonicalLine` writes them, and tells where in them the values at
 * wanted paths are. AssemblyScript, compiled by `scripts/kernels.mjs`. `JsonBytes.canonical` passes objects a byte at a
 * time, and takes all that this takes.
 *
 * The text is the caller's to write, from `TEXT` on, with at least 64 bytes of zero behind it: like all control
 * characters these are in no value, so nothing runs past them.
 */

/**
 * The wanted paths as a tree, 16 bytes a node: its first edge, how many edges it has, the node of the items of a list, and
 * by which number a value there is told of, 0 for none. All of node 0 is 0: nothing below it is wanted. Node 1 is the row.
 */
export const NODES: usize = 1024;
export const MOST_NODES: usize = 128;
/** From an object's node to those of members, 12 bytes each: where the key is, how long it is, and the member's node. */
export const EDGES: usize = NODES + 16 * MOST_NODES;
export const KEY_TEXT: usize = EDGES + 12 * MOST_NODES;
export const MOST_KEY_TEXT: usize = 4096;
/** By depth of what is open, 12 bytes each: from where on its keys lie in `KEYS`, or `LIST`; its node; where it begins. */
const FRAMES: usize = KEY_TEXT + MOST_KEY_TEXT;
const MOST_DEPTH: usize = 500;
/** Where the keys of all open objects begin, and how long they are: 8 bytes each. */
const KEYS: usize = FRAMES + 12 * (MOST_DEPTH + 1);
const MOST_KEYS: usize = 4096;
/**
 * What is told of, 12 bytes each: the number of the path, and where the value begins and ends; in the order in which the
 * values end. Number 0 is a row, after its values.
 */
export const TOLD: usize = 65536;
const TOLD_END: usize = TOLD + 12 * 16384;
export const TEXT: usize = 65536 * 4;

const LIST: u32 = 0xffffffff;
/** Numbers are compared with no others, but a longer one is hardly a number. */
const MOST_DIGITS: usize = 300;
/** A decimal of so many digits is the shortest of its double. */
const EXACT_DIGITS: usize = 15;

/** Where in `TOLD` the next entry goes. */
let told: usize = TOLD;

/**
 * Passes lines from an address on, up to the first that is no canonical row, or unusual, or for which there is no room in
 * `TOLD`; each with its end (LF, CRLF or CR), or up to `end`. Returns how many entries of `TOLD` there are.
 */
export function rows(at: usize, end: usize): usize {
  told = TOLD;
  let taken = TOLD;
  while (at < end) {
    const start = at;
    at = row(start);
    if (at == 0 || told == TOLD_END) break;
    const last = at;
    if (at < end) {
      const byte = load<u8>(at++);
      if (byte == 0x0d) {
        if (load<u8>(at) == 0x0a) at++;
      } else if (byte != 0x0a) break;
    }
    tell(0, start, last);
    taken = told;
  }
  return (taken - TOLD) / 12;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function tell(number: u32, start: usize, end: usize): void {
  store<u32>(told, number);
  store<u32>(told, start as u32, 4);
  store<u32>(told, end as u32, 8);
  told += 12;
}

/** Tells of a row's values, and returns the address after the object; 0 where it is not canonical, or unusual. */
function row(at: usize): usize {
  if (load<u8>(at) != 0x7b) return 0;
  let depth: usize = 0;
  let keys = KEYS;
  // Of the innermost that is open: from where on its keys lie, or that it is a list, and its node.
  let frame: u32 = LIST;
  let parent: u32 = 0;
  // Of the value at hand.
  let node: u32 = 1;
  let start = at;
  while (true) {
    // A value begins here.
    start = at;
    const byte = load<u8>(at);
    let closed = true;
    if (byte == 0x22) {
      at = string(at + 1);
    } else if (byte == 0x7b || byte == 0x5b) {
      if (load<u8>(at + 1) == byte + 2) at += 2;
      else {
        if (depth == MOST_DEPTH) return 0;
        frame = byte == 0x7b ? (keys as u32) : LIST;
        parent = node;
        const opened = FRAMES + 12 * ++depth;
        store<u32>(opened, frame);
        store<u32>(opened, parent, 4);
        store<u32>(opened, start as u32, 8);
        at++;
        closed = false;
      }
    } else {
      at = scalar(at, byte);
    }
    if (at == 0) return 0;
    // Up to where the next value begins.
    while (true) {
      if (closed) {
        const number = load<u32>(NODES + 16 * (node as usize), 12);
        if (number != 0) {
          if (told == TOLD_END) return 0;
          tell(number, start, at);
        }
        if (depth == 0) return at;
        const after = load<u16>(at);
        if (after == 0x202c) at += 2;
        else {
          const close: u16 = frame == LIST ? 0x5d : 0x7d;
          if ((after & 0xff) != close) return 0;
          at++;
          if (frame != LIST) keys = frame as usize;
          const ended = FRAMES + 12 * depth--;
          node = load<u32>(ended, 4);
          start = load<u32>(ended, 8) as usize;
          const outer = FRAMES + 12 * depth;
          frame = load<u32>(outer);
          parent = load<u32>(outer, 4);
          continue;
        }
      }
      if (frame == LIST) {
        node = load<u32>(NODES + 16 * (parent as usize), 8);
        break;
      }
      if (load<u8>(at) != 0x22) return 0;
      const key = at + 1;
      at = string(key);
      // A key with escapes is left to who asks: two may be one.
      if (at == 0 || escaped) return 0;
      const length = at - 1 - key;
      if (isKnown(frame as usize, keys, key, length) || keys == KEYS + 8 * MOST_KEYS) return 0;
      store<u32>(keys, key as u32);
      store<u32>(keys, length as u32, 4);
      keys += 8;
      if (load<u16>(at) != 0x203a) return 0;
      at += 2;
      node = parent == 0 ? 0 : member(parent, key, length);
      break;
    }
  }
}

/** The node of a member by its key; 0 where it is not wanted. */
function member(parent: u32, key: usize, length: usize): u32 {
  const node = NODES + 16 * (parent as usize);
  let edge = EDGES + 12 * (load<u32>(node) as usize);
  for (const last = edge + 12 * (load<u32>(node, 4) as usize); edge < last; edge += 12) {
    if ((load<u32>(edge, 4) as usize) == length && isSame(load<u32>(edge) as usize, key, length)) return load<u32>(edge, 8);
  }
  return 0;
}

/** Whether a key is among those of its object. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isKnown(from: usize, end: usize, start: usize, length: usize): bool {
  for (let key = from; key < end; key += 8) {
    if ((load<u32>(key, 4) as usize) == length && isSame(load<u32>(key) as usize, start, length)) return true;
  }
  return false;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isSame(a: usize, b: usize, length: usize): bool {
  const end = a + length;
  while (a < end && load<u8>(a) == load<u8>(b)) {
    a++;
    b++;
  }
  return a >= end;
}

/** Whether the string that was passed last has escapes. */
let escaped: bool = false;

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
function string(at: usize): usize {
  escaped = false;
  while (true) {
    const mask = i8x16.bitmask(specials(v128.load(at)));
    if (mask != 0) at += ctz(mask) as usize;
    else {
      at += 16;
      // What is longer than that is often much longer.
      while (true) {
        const a = specials(v128.load(at));
        const b = specials(v128.load(at, 16));
        const c = specials(v128.load(at, 32));
        const d = specials(v128.load(at, 48));
        if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
          const low = (i8x16.bitmask(a) | (i8x16.bitmask(b) << 16)) as u32;
          const high = (i8x16.bitmask(c) | (i8x16.bitmask(d) << 16)) as u32;
          at += ctz((low as u64) | ((high as u64) << 32)) as usize;
          break;
        }
        at += 64;
      }
    }
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

/** With the highest bit of a byte set where it is no ASCII character that stands for itself. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isOther(bytes: v128): v128 {
  return v128.or(bytes, i8x16.eq(bytes, i8x16.splat(0x5c)));
}

/**
 * How many units of UTF-16 a string has, by what stands between its quotes. `rows` must have passed it, so that an escape is
 * two characters, and stands for one.
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
