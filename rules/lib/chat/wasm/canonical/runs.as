/** Rows that are like the one before, but for values. */
import { NODES, RUNS, RUNS_END, TOLD, VALUES, VALUES_END } from './layout';
import { nested, row, told, values } from './nested';
import { scalar, string } from './scalars';

/** So many rows are passed before one is compared with the model again, where none was like it. */
const MOST_PAUSE: u32 = 63;

/** The row that others are compared with, 0 for none; where it ends, and its values do; and which flags it has. */
let model: usize = 0;
let modelEnd: usize = 0;
let valuesEnd: usize = VALUES;
let modelFlags: u32 = 0;
/** Those of the row that was passed last. */
let flags: u32 = 0;

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

/**
 * Passes a row, and may make it the model; 0 where it is not canonical, or unusual, or has a wanted value that is no flag.
 */
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
 * The address after a row that is the same as the model but for values: scalars, and what has another in place of one, or
 * of an empty list or object. 0 where it is another. What is the same is the same to pass; a value that differs is passed
 * by itself; so all that lies between values, and the keys there, is what was found canonical before.
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
