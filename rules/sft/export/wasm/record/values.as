/** Passing values: each function gives the address behind one, 0 for what is none or unusual. */
import {
  BEGINS,
  ESCAPED,
  FRAMES,
  LEAST_STRING,
  MOST_DEPTH,
  MOST_DIGITS,
  PLAIN,
  RECODED,
  STRING_SHIFT,
  STRINGS,
} from './layout';
import { isEqual, keepRun, keepValue, passRun, passValue, SPREAD } from './passed';

/** Of the string that was passed last. */
export let form: u32 = PLAIN;

/** Counts records. */
export let records: u32 = 0;

// null
export const NULL: u32 = 0x6c6c756e;

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function blanks(at: usize): usize {
  while (load<u8>(at) == 0x20) at++;
  return at;
}

/** A key without escapes. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function plainKey(at: usize): usize {
  if (load<u8>(at) != 0x22) return 0;
  const end = string(at + 1);
  return form == PLAIN ? end : 0;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function colon(at: usize): usize {
  at = blanks(at);
  return load<u8>(at) == 0x3a ? blanks(at + 1) : 0;
}

export function skip(at: usize): usize {
  let frame: usize = FRAMES;
  let begins: usize = BEGINS;
  let runStart: usize = 0;
  let runEnd: usize = 0;
  let isKey = false;
  while (true) {
    let isPassed = false;
    if (isKey) {
      const again = passRun(at, 0);
      if (again != 0) {
        at = again;
        isPassed = true;
      } else {
        const begin = at;
        at = key(at);
        if (at == 0) return 0;
        if (load<u32>(at) == NULL) {
          if (runStart == 0) runStart = begin;
          at += 4;
          runEnd = at;
          isPassed = true;
        }
      }
    }
    if (!isPassed) {
      if (runStart != 0) {
        keepRun(runStart, runEnd, 0);
        runStart = 0;
      }
      const byte = load<u8>(at);
      if (byte == 0x22) {
        at = string(at + 1);
        if (at == 0) return 0;
      } else if (byte == 0x7b || byte == 0x5b) {
        // Both brackets close two characters after they open.
        const close: u8 = byte + 2;
        const inside = blanks(at + 1);
        if (load<u8>(inside) == close) at = inside + 1;
        else {
          const again = passValue(at);
          if (again != 0) at = again;
          else {
            if (frame == FRAMES + MOST_DEPTH) return 0;
            store<u8>(frame++, close);
            store<u32>(begins, at as u32);
            begins += 4;
            at = inside;
            isKey = close == 0x7d;
            continue;
          }
        }
      } else {
        at = scalar(at);
        if (at == 0) return 0;
      }
    }
    while (true) {
      if (frame == FRAMES) return at;
      at = blanks(at);
      const close = load<u8>(frame - 1);
      const after = load<u8>(at++);
      if (after == 0x2c) {
        at = blanks(at);
        isKey = close == 0x7d;
        break;
      }
      if (after != close) return 0;
      if (runStart != 0) {
        keepRun(runStart, runEnd, 0);
        runStart = 0;
      }
      frame--;
      begins -= 4;
      keepValue(load<u32>(begins), at);
    }
  }
}

/** A key, and the colon behind it. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function key(at: usize): usize {
  at = plainKey(at);
  return at == 0 ? 0 : colon(at);
}

/** Which bytes end a string, or are in none as they stand. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function specialIn(bytes: v128): v128 {
  const ends = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c)));
  return v128.or(ends, i8x16.lt_u(bytes, i8x16.splat(0x20)));
}

/** Whether a character behind a backslash makes an escape that may stay as it is: one of " \\ b f n r t. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isKept(kind: u32): bool {
  // From the backslash on a bit each.
  const place = kind - 0x5c;
  return kind == 0x22 || (place < 32 && ((0x1440441 >> place) & 1) != 0);
}

/** A string from behind the quote that begins it. */
export function string(at: usize): usize {
  const special = i8x16.bitmask(specialIn(v128.load(at)));
  if (special != 0) {
    const end = at + (ctz(special) as usize);
    const byte = load<u8>(end);
    if (byte == 0x22) {
      form = PLAIN;
      return end + 1;
    }
    if (byte != 0x5c) return 0;
  }
  // It may have come before: most of a request is also in what the record says of it.
  const mixed = (load<u64>(at) * SPREAD) ^ load<u64>(at, 8);
  const slot = STRINGS + (((mixed * SPREAD) >> STRING_SHIFT) as usize) * 16;
  if (load<u32>(slot, 12) == records) {
    const other = load<u32>(slot) as usize;
    const length = (load<u32>(slot, 4) as usize) - other;
    if (isEqual(at, other, length)) {
      form = load<u32>(slot, 8);
      return at + length;
    }
  }
  return longString(at, slot);
}

function longString(at: usize, slot: usize): usize {
  const start = at;
  let found = PLAIN;
  while (true) {
    const a = specialIn(v128.load(at));
    const b = specialIn(v128.load(at, 16));
    const c = specialIn(v128.load(at, 32));
    const d = specialIn(v128.load(at, 48));
    if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
      let special: u64 =
        (i8x16.bitmask(a) as u64) |
        ((i8x16.bitmask(b) as u64) << 16) |
        ((i8x16.bitmask(c) as u64) << 32) |
        ((i8x16.bitmask(d) as u64) << 48);
      do {
        const place = ctz(special);
        const here = at + (place as usize);
        const byte = load<u8>(here);
        if (byte == 0x22) {
          form = found;
          if (here + 1 - start >= LEAST_STRING) {
            store<u32>(slot, start as u32);
            store<u32>(slot, (here + 1) as u32, 4);
            store<u32>(slot, found, 8);
            store<u32>(slot, records, 12);
          }
          return here + 1;
        }
        if (byte != 0x5c) return 0;
        const kind = load<u8>(here, 1);
        if (isKept(kind)) {
          if (found == PLAIN) found = ESCAPED;
        } else {
          found = RECODED;
          if (kind == 0x75) {
            for (let hex = here + 2; hex < here + 6; hex++) if (!isHex(load<u8>(hex))) return 0;
          } else if (kind != 0x2f) return 0;
        }
        // What is escaped ends nothing, in the next 64 bytes either. Hexadecimal digits do not anyway.
        special &= ~((3 as u64) << place);
        if (place == 63) at++;
      } while (special != 0);
    }
    at += 64;
  }
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isDigit(byte: u8): bool {
  return byte - 0x30 < 10;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isHex(byte: u8): bool {
  return isDigit(byte) || (byte | 0x20) - 0x61 < 6;
}

/** A word or a number. */
export function scalar(at: usize): usize {
  const four = load<u32>(at);
  if (four == 0x6c6c756e || four == 0x65757274) return at + 4; // null, true
  if (four == 0x736c6166) return load<u8>(at, 4) == 0x65 ? at + 5 : 0; // false
  if ((four & 0xffffff) == 0x4e614e) return at + 3; // NaN
  if (four == 0x69666e49) return load<u32>(at, 4) == 0x7974696e ? at + 8 : 0; // Infinity
  const start = at;
  if (load<u8>(at) == 0x2d) at++;
  if (load<u8>(at) == 0x30) at++;
  else at = digits(at);
  if (at != 0 && load<u8>(at) == 0x2e) at = digits(at + 1);
  if (at != 0 && (load<u8>(at) | 0x20) == 0x65) {
    at++;
    if (load<u8>(at) == 0x2b || load<u8>(at) == 0x2d) at++;
    at = digits(at);
  }
  return at - start > MOST_DIGITS ? 0 : at;
}

function digits(at: usize): usize {
  const start = at;
  while (isDigit(load<u8>(at))) at++;
  return at == start ? 0 : at;
}
