/**
 * The pixels of a picture, four at a time, and the random words that night takes for them. AssemblyScript, compiled by
 * `scripts/kernels.mjs`. What it does is written plainly in `../mt19937.ts` and `../plain-painter.ts`; it gives the same
 * bytes, for the same operations are done on the same doubles in the same order.
 *
 * One layout is set up at a time. Memory, from the bottom:
 *
 *     KEY    the generator's 624 words       WORDS  tempered words that wait for their pixel
 *     CELLS  the number of each cell's tile, column by column
 *     then, at addresses of `lay`'s choice: the vignette (doubles), the cells' colours by day (three planes of bytes), the
 *     finished pixels of a night (four bytes each), the strip of the frame that shows the world, and the tiles.
 *
 * Planes, vignette and night pixels go column by column, as night's random numbers do; the strip goes row by row. A tile
 * has its colours as three planes row by row, then as three planes column by column, then what it looks like in the
 * light of the picture numbered by its stamp, three bytes a pixel. Stores of 16 bytes may run past their end: writing
 * goes upwards, so that what comes next repairs it, and everything has room for 16 more bytes behind it.
 */

export const KEY: usize = 1024;
const WORDS: usize = 4096;
export const CELLS: usize = 8192;
const SLACK: usize = 16;

const N: i32 = 624;
const M: i32 = 397;

let unitX: i32 = 0;
let unitY: i32 = 0;
let columns: i32 = 0;
let rows: i32 = 0;
let left: usize = 0;
/** Bytes of a row of the strip. */
let stride: usize = 0;
let vignette: usize = 0;
let planes: usize = 0;
/** Bytes from one plane to the next. */
let plane: usize = 0;
let pixels: usize = 0;
let strip: usize = 0;
let tiles: usize = 0;
let tilePlane: usize = 0;
let tileSize: usize = 0;

/**
 * Plans the memory for pictures of `columns` x `rows` cells of `unitX` x `unitY` pixels, in a frame `width` pixels wide,
 * `left` pixels from its left edge. Returns where the tiles begin; the memory must be grown to hold them.
 */
export function lay(w: i32, l: i32, c: i32, r: i32, x: i32, y: i32): usize {
  columns = c;
  rows = r;
  unitX = x;
  unitY = y;
  left = 3 * (l as usize);
  stride = 3 * (w as usize);
  const count = (c * x * r * y) as usize;
  const cells = (c * r) as usize;
  vignette = aligned(CELLS + 4 * cells);
  planes = aligned(vignette + 8 * count);
  plane = aligned(count);
  pixels = planes + 3 * plane;
  strip = aligned(pixels + 4 * count);
  tiles = aligned(strip + stride * ((r * y) as usize));
  tilePlane = aligned((x * y) as usize);
  tileSize = SLACK + 9 * tilePlane;
  return tiles;
}

function aligned(end: usize): usize {
  return ((end + SLACK + 15) >> 4) << 4;
}

export function vignetteStart(): usize {
  return vignette;
}

export function stripStart(): usize {
  return strip;
}

/**
 * Bytes of a tile; in it, from the second 16 bytes on, three planes of the size below row by row, then column by column.
 */
export function sizeOfTile(): usize {
  return tileSize;
}

export function sizeOfTilePlane(): usize {
  return tilePlane;
}

// The generator.

/** Renews the whole key `times` times. */
export function renew(times: i32): void {
  for (; times > 0; times--) {
    let at = KEY;
    for (const end = KEY + 4 * 224; at < end; at += 16) store4(at, at + 4 * M);
    for (const end = KEY + 4 * (N - M); at < end; at += 4) store1(at, at + 4, at + 4 * M);
    for (const end = KEY + 4 * (N - 1); at < end; at += 16) store4(at, at - 4 * (N - M));
    store1(at, KEY, at - 4 * (N - M));
  }
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function store4(at: usize, other: usize): void {
  const y = v128.bitselect(v128.load(at), v128.load(at, 4), i32x4.splat(0x80000000));
  const odd = v128.and(i32x4.neg(v128.and(y, i32x4.splat(1))), i32x4.splat(0x9908b0df));
  v128.store(at, v128.xor(v128.xor(v128.load(other), i32x4.shr_u(y, 1)), odd));
}

// @ts-ignore
@inline
function store1(at: usize, next: usize, other: usize): void {
  const y = (load<u32>(at) & 0x80000000) | (load<u32>(next) & 0x7fffffff);
  store<u32>(at, load<u32>(other) ^ (y >> 1) ^ (-(y & 1) & 0x9908b0df));
}

// @ts-ignore
@inline
function temper(word: v128): v128 {
  let y = v128.xor(word, i32x4.shr_u(word, 11));
  y = v128.xor(y, v128.and(i32x4.shl(y, 7), i32x4.splat(0x9d2c5680)));
  y = v128.xor(y, v128.and(i32x4.shl(y, 15), i32x4.splat(0xefc60000)));
  return v128.xor(y, i32x4.shr_u(y, 18));
}

/**
 * Two doubles between 32 and 127 of two words each. `a >>> 5` and `b >>> 6` are put behind the exponents of 2^25 and 0.5,
 * whose last places are worth 2^-27 and 2^-53; taking 2^25 and 0.5 away leaves `(a * 2^26 + b) / 2^53`, exactly.
 */
// @ts-ignore
@inline
function grains(words: v128): v128 {
  const a = v128.or(i64x2.shr_u(v128.and(words, i64x2.splat(0xffffffff)), 5), i64x2.splat(0x4180000000000000));
  const b = v128.or(i64x2.shr_u(words, 38), i64x2.splat(0x3fe0000000000000));
  const u = f64x2.add(f64x2.sub(a, f64x2.splat(33554432)), f64x2.sub(b, f64x2.splat(0.5)));
  return f64x2.add(f64x2.splat(32), f64x2.mul(f64x2.splat(95), u));
}

// The light.

/** Four bytes as four whole numbers. */
// @ts-ignore
@inline
function bytes(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

// @ts-ignore
@inline
function low(four: v128): v128 {
  return f64x2.convert_low_i32x4_s(four);
}

// @ts-ignore
@inline
function high(four: v128): v128 {
  return f64x2.convert_low_i32x4_s(v128.shuffle<i32>(four, four, 2, 3, 2, 3));
}

/** Four doubles, not negative and below 2^31, without their fractions: 2^52 more has the whole number in its last bits. */
// @ts-ignore
@inline
function whole(a: v128, b: v128): v128 {
  const shift = f64x2.splat(4503599627370496);
  return v128.shuffle<i32>(f64x2.add(f64x2.floor(a), shift), f64x2.add(f64x2.floor(b), shift), 0, 2, 4, 6);
}

// @ts-ignore
@inline
function times(value: v128, by: i32): v128 {
  return i32x4.mul(value, i32x4.splat(by));
}

// @ts-ignore
@inline
function brightness(red: v128, green: v128, blue: v128): v128 {
  const sum = i32x4.add(i32x4.add(times(red, 19595), times(green, 38470)), times(blue, 7471));
  return i32x4.shr_u(i32x4.add(sum, i32x4.splat(32768)), 16);
}

/** A colour after night took three fifths of its saturation. `grey` is three times its brightness. */
// @ts-ignore
@inline
function faded(value: v128, grey: v128): v128 {
  return i32x4.shr_u(times(i32x4.add(grey, i32x4.shl(value, 1)), 13108), 16);
}

/** `day * base + dark * night`, where `halfDark` is half of `dark`, and `night` twice as much. */
// @ts-ignore
@inline
function mixed(base: v128, night: v128, day: v128, halfDark: v128): v128 {
  return whole(
    f64x2.add(f64x2.mul(day, low(base)), f64x2.mul(halfDark, low(night))),
    f64x2.add(f64x2.mul(day, high(base)), f64x2.mul(halfDark, high(night))),
  );
}

/** Four pixels, a byte each of red, green, blue and nothing: `base` by day, `night` by night, before it fades. */
// @ts-ignore
@inline
function lit(
  baseRed: v128,
  baseGreen: v128,
  baseBlue: v128,
  nightRed: v128,
  nightGreen: v128,
  nightBlue: v128,
  day: v128,
  halfDark: v128,
  sleeping: bool,
): v128 {
  const grey = times(brightness(nightRed, nightGreen, nightBlue), 3);
  const tintGreen = i32x4.splat(16);
  const tintBlue = i32x4.splat(64);
  let red = mixed(baseRed, faded(nightRed, grey), day, halfDark);
  let green = mixed(baseGreen, i32x4.add(faded(nightGreen, grey), tintGreen), day, halfDark);
  let blue = mixed(baseBlue, i32x4.add(faded(nightBlue, grey), tintBlue), day, halfDark);
  if (sleeping) {
    const dim = brightness(red, green, blue);
    red = i32x4.shr_u(dim, 1);
    green = red;
    blue = i32x4.shr_u(i32x4.add(dim, i32x4.splat(16)), 1);
  }
  return v128.or(red, v128.or(i32x4.shl(green, 8), i32x4.shl(blue, 16)));
}

/** Four pixels of four bytes as 12 bytes, and four more. */
// @ts-ignore
@inline
function packed(four: v128): v128 {
  return v128.shuffle<i8>(four, four, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 3, 3, 3);
}

/** Copies `length` bytes, at least 6, and touches no other. */
// @ts-ignore
@inline
function copy(from: usize, to: usize, length: usize): void {
  if (length >= 16) {
    const last = length - 16;
    for (let i: usize = 0; i < last; i += 16) v128.store(to + i, v128.load(from + i));
    v128.store(to + last, v128.load(from + last));
  } else if (length >= 8) {
    store<u64>(to, load<u64>(from));
    store<u64>(to + length - 8, load<u64>(from + length - 8));
  } else {
    store<u32>(to, load<u32>(from));
    store<u32>(to + length - 4, load<u32>(from + length - 4));
  }
}

// Pictures.

/** Draws the strip without noise, as picture number `picture`. */
export function draw(picture: u32, daylight: f64, sleeping: bool): void {
  const length = 3 * (unitX as usize);
  let cell = CELLS;
  let start = strip + left;
  for (let column = 0; column < columns; column++, start += length) {
    let to = start;
    for (let row = 0; row < rows; row++, cell += 4) {
      const tile = tiles + (load<u32>(cell) as usize) * tileSize;
      let from = tile + SLACK + 6 * tilePlane;
      if (load<u32>(tile) != picture) {
        store<u32>(tile, picture);
        light(tile + SLACK, from, daylight, sleeping);
      }
      for (let line = 0; line < unitY; line++, from += length, to += stride) copy(from, to, length);
    }
  }
}

function light(from: usize, to: usize, daylight: f64, sleeping: bool): void {
  const day = f64x2.splat(daylight);
  const halfDark = f64x2.splat((1 - daylight) * 0.5);
  for (const end = from + ((unitX * unitY) as usize); from < end; from += 4, to += 12) {
    const red = bytes(from);
    const green = bytes(from + tilePlane);
    const blue = bytes(from + 2 * tilePlane);
    v128.store(to, packed(lit(red, green, blue, red, green, blue, day, halfDark, sleeping)));
  }
}

/** Draws the strip with noise. The generator gives out word `index` of its key next; returns the index afterwards. */
export function drawNoisy(index: i32, daylight: f64, sleeping: bool): i32 {
  gather();
  const next = expose(index, daylight, sleeping);
  spread();
  return next;
}

/** Puts the colours of the cells together, column by column. */
function gather(): void {
  let to = planes;
  let first = CELLS;
  for (let column = 0; column < columns; column++, first += 4 * (rows as usize))
    for (let x = 0; x < unitX; x++) {
      let cell = first;
      for (let row = 0; row < rows; row++, cell += 4, to += unitY as usize) {
        const from = tiles + (load<u32>(cell) as usize) * tileSize + SLACK + 3 * tilePlane + ((x * unitY) as usize);
        for (let i: usize = 0; i < (unitY as usize); i += 16) {
          v128.store(to + i, v128.load(from + i));
          v128.store(to + plane + i, v128.load(from + tilePlane + i));
          v128.store(to + 2 * plane + i, v128.load(from + 2 * tilePlane + i));
        }
      }
    }
}

/** Makes night pixels of the planes. */
function expose(index: i32, daylight: f64, sleeping: bool): i32 {
  const count = columns * unitX * rows * unitY;
  const day = f64x2.splat(daylight);
  const halfDark = f64x2.splat((1 - daylight) * 0.5);
  const amount = f64x2.splat(2 * (0.5 - daylight));
  const one = f64x2.splat(1);
  let words = WORDS;
  let end = WORDS + 4 * ((N - index) as usize);
  for (let i = index; i < N; i += 4) v128.store(WORDS + 4 * ((i - index) as usize), temper(v128.load(KEY + 4 * (i as usize))));
  for (let done = 0; done < count; done += 4) {
    // The last group may have fewer than four pixels; it reads words that nobody drew, and what it makes of them is lost.
    const needed = 4 * 2 * (min(4, count - done) as usize);
    if (words + needed > end) {
      // What is left, at most seven words, goes to the front.
      v128.store(WORDS, v128.load(words));
      v128.store(WORDS + 16, v128.load(words, 16));
      const block = WORDS + (end - words);
      renew(1);
      for (let i: usize = 0; i < 4 * (N as usize); i += 16) v128.store(block + i, temper(v128.load(KEY + i)));
      words = WORDS;
      end = block + 4 * (N as usize);
    }
    const at = done as usize;
    const maskA = f64x2.mul(amount, v128.load(vignette + 8 * at));
    const maskB = f64x2.mul(amount, v128.load(vignette + 8 * at, 16));
    const grainA = f64x2.mul(maskA, grains(v128.load(words)));
    const grainB = f64x2.mul(maskB, grains(v128.load(words, 16)));
    const keepA = f64x2.sub(one, maskA);
    const keepB = f64x2.sub(one, maskB);
    words += needed;
    const red = bytes(planes + at);
    const green = bytes(planes + plane + at);
    const blue = bytes(planes + 2 * plane + at);
    v128.store(
      pixels + 4 * at,
      lit(
        red,
        green,
        blue,
        whole(f64x2.add(f64x2.mul(keepA, low(red)), grainA), f64x2.add(f64x2.mul(keepB, high(red)), grainB)),
        whole(f64x2.add(f64x2.mul(keepA, low(green)), grainA), f64x2.add(f64x2.mul(keepB, high(green)), grainB)),
        whole(f64x2.add(f64x2.mul(keepA, low(blue)), grainA), f64x2.add(f64x2.mul(keepB, high(blue)), grainB)),
        day,
        halfDark,
        sleeping,
      ),
    );
  }
  return N - (((end - words) >> 2) as i32);
}

/** Turns the night's pixels, which are column by column, into the strip, which is row by row. */
function spread(): void {
  const width = columns * unitX;
  const height = rows * unitY;
  const column = 4 * (height as usize);
  let from = pixels;
  let start = strip + left;
  let x = 0;
  // Four bytes more are written, so two more pixels must follow.
  for (; x + 5 < width; x += 4, start += 12, from += 4 * column) {
    let at = from;
    let to = start;
    for (let y = 0; y < height; y++, at += 4, to += stride) v128.store(to, fourPixels(at, column));
  }
  for (; x < width; x++, start += 3, from += column) {
    let to = start;
    for (let y = 0; y < height; y++, to += stride) {
      const pixel = load<u32>(from + 4 * (y as usize));
      store<u16>(to, pixel as u16);
      store<u8>(to, (pixel >> 16) as u8, 2);
    }
  }
}

// @ts-ignore
@inline
function fourPixels(at: usize, column: usize): v128 {
  let four = v128.load32_zero(at);
  four = v128.load_lane<u32>(at + column, four, 1);
  four = v128.load_lane<u32>(at + 2 * column, four, 2);
  four = v128.load_lane<u32>(at + 3 * column, four, 3);
  return packed(four);
}
