/** Writing what was passed. */
import { OUT, RECODED, SPEECH } from './layout';
import { isDigit } from './values';

/** Where the next byte is written. Who imports it may set it: AssemblyScript allows that. */
export let out: usize = OUT;

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function put2(two: u16): void {
  store<u16>(out, two);
  out += 2;
}

/** What is written behind the end is written over by what comes next. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function put(from: usize, length: usize): void {
  for (let at: usize = 0; at < length; at += 16) v128.store(out + at, v128.load(from + at));
  out += length;
}

/** A string, its quotes included. */
export function write(start: usize, end: usize, form: u32): void {
  if (form == RECODED) {
    recode(start, end);
    return;
  }
  const length = end - start;
  if (length > 256) {
    memory.copy(out, start, length);
    out += length;
  } else put(start, length);
}

/** A string as `JSON.stringify` writes it. It gets no longer. */
function recode(at: usize, end: usize): void {
  const backslash = i8x16.splat(0x5c);
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(out, bytes);
    const mask = i8x16.bitmask(i8x16.eq(bytes, backslash));
    let count: usize = mask == 0 ? 16 : (ctz(mask) as usize);
    if (count >= end - at) {
      out += end - at;
      return;
    }
    at += count;
    out += count;
    if (mask == 0) continue;
    const kind = load<u8>(at, 1);
    if (kind == 0x75) {
      const unit = unitAt(at + 2);
      if (isHigh(unit) && load<u16>(at, 6) == 0x755c && isLow(unitAt(at + 8))) {
        out = utf8(out, pair(unit, unitAt(at + 8)));
        at += 12;
      } else {
        if ((unit & 0xf800) == 0xd800) putUnit(unit);
        else if (unit < 0x20) putControl(unit);
        else if (unit == 0x22) put2(0x225c);
        else if (unit == 0x5c) put2(0x5c5c);
        else out = utf8(out, unit);
        at += 6;
      }
    } else {
      if (kind == 0x2f) store<u8>(out++, kind);
      else put2(load<u16>(at));
      at += 2;
    }
  }
}

/** A control character. */
function putControl(unit: u32): void {
  if (unit == 8) put2(0x625c);
  else if (unit == 9) put2(0x745c);
  else if (unit == 10) put2(0x6e5c);
  else if (unit == 12) put2(0x665c);
  else if (unit == 13) put2(0x725c);
  else putUnit(unit);
}

/** A UTF-16 unit as an escape. */
function putUnit(unit: u32): void {
  put2(0x755c);
  for (let shift = 12; shift >= 0; shift -= 4) {
    const digit = ((unit >> shift) & 15) as u8;
    store<u8>(out++, digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
}

/** Writes what a string says to `SPEECH`, and gives its end; 0 where half of a surrogate pair is missing. */
export function decode(at: usize, end: usize): usize {
  const backslash = i8x16.splat(0x5c);
  let to: usize = SPEECH;
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(to, bytes);
    const mask = i8x16.bitmask(i8x16.eq(bytes, backslash));
    let count: usize = mask == 0 ? 16 : (ctz(mask) as usize);
    if (count >= end - at) return to + (end - at);
    at += count;
    to += count;
    if (mask == 0) continue;
    const kind = load<u8>(at, 1);
    at += 2;
    if (kind == 0x75) {
      const unit = unitAt(at);
      at += 4;
      if ((unit & 0xf800) == 0xd800) {
        if (!isHigh(unit) || load<u16>(at) != 0x755c || !isLow(unitAt(at + 2))) return 0;
        to = utf8(to, pair(unit, unitAt(at + 2)));
        at += 6;
      } else {
        to = utf8(to, unit);
      }
    } else {
      let byte = kind;
      if (kind == 0x6e) byte = 10;
      else if (kind == 0x74) byte = 9;
      else if (kind == 0x72) byte = 13;
      else if (kind == 0x62) byte = 8;
      else if (kind == 0x66) byte = 12;
      store<u8>(to++, byte);
    }
  }
  return to;
}

/** The number that four hex digits are. */
function unitAt(at: usize): u32 {
  let unit: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const byte = load<u8>(at + i);
    unit = (unit << 4) | (isDigit(byte) ? byte - 0x30 : (byte | 0x20) - 0x57);
  }
  return unit;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isHigh(unit: u32): bool {
  return (unit & 0xfc00) == 0xd800;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isLow(unit: u32): bool {
  return (unit & 0xfc00) == 0xdc00;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function pair(high: u32, low: u32): u32 {
  return 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
}

/** Writes a character and gives the address behind it. */
function utf8(to: usize, code: u32): usize {
  if (code < 0x80) {
    store<u8>(to, code as u8);
    return to + 1;
  }
  if (code < 0x800) {
    store<u8>(to, (0xc0 | (code >> 6)) as u8);
    store<u8>(to, (0x80 | (code & 63)) as u8, 1);
    return to + 2;
  }
  if (code < 0x10000) {
    store<u8>(to, (0xe0 | (code >> 12)) as u8);
    store<u8>(to, (0x80 | ((code >> 6) & 63)) as u8, 1);
    store<u8>(to, (0x80 | (code & 63)) as u8, 2);
    return to + 3;
  }
  store<u8>(to, (0xf0 | (code >> 18)) as u8);
  store<u8>(to, (0x80 | ((code >> 12) & 63)) as u8, 1);
  store<u8>(to, (0x80 | ((code >> 6) & 63)) as u8, 2);
  store<u8>(to, (0x80 | (code & 63)) as u8, 3);
  return to + 4;
}
