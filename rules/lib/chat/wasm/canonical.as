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
 * Rows alike that follow each other, 16 bytes each: which flags they have, a bit for each path from that of number 1 on,
 * where they begin, where the next begins, and how many they are.
 */
export const RUNS: usize = 49152;
const RUNS_END: usize = 65536;
/**
 * What is told of, 12 bytes each: the number of the path, and where the value begins and ends; in the order in which the
 * values end. Number 0 is a row, after its values.
 */
export const TOLD: usize = 65536;
const TOLD_END: usize = TOLD + 12 * 16384;
/**
 * The scalars and empty lists and objects in the row that others are compared with, 16 bytes each: its node, where it begins
 * and ends, and how many lists and objects it is in.
 */
const VALUES: usize = TOLD_END;
const MOST_VALUES: usize = 4000;
const VALUES_END: usize = VALUES + 16 * MOST_VALUES;
export const TEXT: usize = 65536 * 5;

const LIST: u32 = 0xffffffff;
/** Numbers are compared with no others, but a longer one is hardly a number. */
const MOST_DIGITS: usize = 300;
/** A decimal of so many digits is the shortest of its double. */
const EXACT_DIGITS: usize = 15;
/** So many rows are passed before one is compared with the model again, where none was like it. */
const MOST_PAUSE: u32 = 63;

/** Where in `TOLD` the next entry goes. */
let told: usize = TOLD;
/** Where in `VALUES` the next entry goes; 0 where none is wanted. */
let values: usize = 0;
/** The row that others are compared with, 0 for none; where it ends, and its values do; and which flags it has. */
let model: usize = 0;
let modelEnd: usize = 0;
let valuesEnd: usize = VALUES;
let modelFlags: u32 = 0;
/** Those of the row that was passed last. */
let flags: u32 = 0;

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

/**
 * Passes lines as `rows` does, up to the first that ends in another way than LF, or of which a wanted value is neither true
 * nor false nor null nor absent, or for which there is no room in `RUNS`. Returns how many entries of that there are.
 */
export function runs(at: usize, end: usize): usize {
  let run = RUNS - 16;
  let wasLike = false;
  // So many rows are still passed without comparing them: what has no like is passed faster so.
  let left: u32 = 0;
  let pause: u32 = 0;
  model = 0;
  while (at < end) {
    const start = at;
    at = 0;
    const isCompared = left == 0 && model != 0;
    if (isCompared) at = likeModel(start);
    else if (left > 0) left--;
    if (at != 0) {
      wasLike = true;
      pause = 0;
    } else {
      at = flagged(start, !wasLike);
      if (at == 0) break;
      // One that is like no other is between those that are.
      if (isCompared && !wasLike) left = pause = min<u32>(2 * pause + 1, MOST_PAUSE);
      wasLike = false;
    }
    if (at < end && load<u8>(at++) != 0x0a) break;
    if (run < RUNS || load<u32>(run) != flags) {
      run += 16;
      if (run == RUNS_END) break;
      store<u32>(run, flags);
      store<u32>(run, start as u32, 4);
      store<u32>(run, 0, 12);
    }
    store<u32>(run, at as u32, 8);
    store<u32>(run, load<u32>(run, 12) + 1, 12);
  }
  return min((run + 16 - RUNS) / 16, (RUNS_END - RUNS) / 16);
}

/** Takes a wanted value into `flags`; false where it is none. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isFlag(number: u32, at: usize): bool {
  const byte = load<u8>(at);
  const bit: u32 = 1 << (number - 1);
  flags &= ~bit;
  if (byte == 0x74) flags |= bit;
  return byte == 0x74 || byte == 0x66 || byte == 0x6e;
}

/** Passes a row, and may make it the model; 0 where it is not canonical, or unusual, or has a wanted value that is no flag. */
function flagged(start: usize, isModel: bool): usize {
  told = TOLD;
  values = isModel ? VALUES : 0;
  const end = row(start);
  const last = values;
  values = 0;
  flags = 0;
  for (let value = TOLD; value < told; value += 12) {
    if (!isFlag(load<u32>(value), load<u32>(value, 4) as usize)) return 0;
  }
  if (isModel) {
    model = last == VALUES_END ? 0 : start;
    modelEnd = end;
    modelFlags = flags;
    valuesEnd = last;
  }
  return end;
}

/**
 * The address after a row that is the same as the model but for values: scalars, and what has another in place of one, or of
 * an empty list or object. 0 where it is another. What is the same is the same to pass; a value that differs is passed by
 * itself; so all that lies between values, and the keys there, is what was found canonical before.
 */
function likeModel(start: usize): usize {
  let at = start;
  let other = model;
  let value = VALUES;
  flags = modelFlags;
  while (true) {
    const same = sameBytes(at, other, modelEnd);
    at += same;
    other += same;
    if (other == modelEnd) return at;
    // A number may go on where that of the model ends; a string that ended there has ended.
    while (value < valuesEnd && (load<u32>(value, 8) as usize) < other) value += 16;
    if (value == valuesEnd) return 0;
    const otherStart = load<u32>(value, 4) as usize;
    if (otherStart > other) return 0;
    const passed = other - otherStart;
    const own = at - passed;
    const node = NODES + 16 * (load<u32>(value) as usize);
    const number = load<u32>(node, 12);
    const byte = load<u8>(own);
    if (byte == 0x22) {
      if (passed == 0) at = own + 1;
      else if (load<u32>(value, 8) == (other as u32)) return 0;
      else {
        // Not from between a backslash and what it escapes.
        let first = at;
        while (load<u8>(first - 1) == 0x5c) first--;
        at -= (at - first) & 1;
      }
      at = string(at);
    } else if (byte == 0x7b || byte == 0x5b) {
      // Not where what is in it may be wanted.
      at = load<u32>(node, 4) == 0 && load<u32>(node, 8) == 0 ? nested(own, load<u32>(value, 12) as usize, 0) : 0;
    } else {
      at = scalar(own, byte);
    }
    if (at == 0) return 0;
    if (number != 0 && !isFlag(number, own)) return 0;
    other = load<u32>(value, 8) as usize;
    value += 16;
  }
}

/** How many bytes are the same from two addresses on, up to `end` of the second. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function sameBytes(at: usize, other: usize, end: usize): usize {
  const start = other;
  while (other < end) {
    const a = i8x16.eq(v128.load(at), v128.load(other));
    const b = i8x16.eq(v128.load(at, 16), v128.load(other, 16));
    const c = i8x16.eq(v128.load(at, 32), v128.load(other, 32));
    const d = i8x16.eq(v128.load(at, 48), v128.load(other, 48));
    if (!i8x16.all_true(v128.and(v128.and(a, b), v128.and(c, d)))) {
      const low = (i8x16.bitmask(a) | (i8x16.bitmask(b) << 16)) as u32;
      const high = (i8x16.bitmask(c) | (i8x16.bitmask(d) << 16)) as u32;
      other += ctz(~((low as u64) | ((high as u64) << 32))) as usize;
      break;
    }
    at += 64;
    other += 64;
  }
  return min(other, end) - start;
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
  return load<u8>(at) == 0x7b ? nested(at, 0, 1) : 0;
}

/** The same, of any value that is in so many lists and objects, and has that node. */
function nested(at: usize, outside: usize, node: u32): usize {
  let depth = outside;
  let keys = KEYS;
  // Of the innermost that is open: from where on its keys lie, or that it is a list, and its node.
  let frame: u32 = LIST;
  let parent: u32 = 0;
  // Of the value at hand, as `node` is.
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
    // A row that is empty is one nevertheless.
    if (closed && values != 0 && values != VALUES_END && depth > 0) {
      store<u32>(values, node);
      store<u32>(values, start as u32, 4);
      store<u32>(values, at as u32, 8);
      store<u32>(values, depth as u32, 12);
      values += 16;
    }
    // Up to where the next value begins.
    while (true) {
      if (closed) {
        const number = load<u32>(NODES + 16 * (node as usize), 12);
        if (number != 0) {
          if (told == TOLD_END) return 0;
          tell(number, start, at);
        }
        if (depth == outside) return at;
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
