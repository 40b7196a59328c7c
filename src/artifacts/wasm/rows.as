/**
 * Finds rows of one table by rowid in the pages of a database file: https://sqlite.org/fileformat2.html. AssemblyScript,
 * compiled by `scripts/kernels.mjs`.
 *
 * Pages are the caller's to read: where one is needed that is not at hand, `read` and `again` give `FETCH`, and `NEEDED` says
 * what is to be written where; then `filled` and `again` go on. Nothing on a page is believed: what is not as it should be
 * makes a row odd.
 */

/** What is to be read: the number of the first page, how many, and where to. 4 bytes each. */
export const NEEDED: usize = 1024;
/** Of the row that was found: how many bytes it has. Of one for which there is no room: how many are needed. 4 bytes. */
export const PAYLOAD: usize = 1040;
/** The pages on the way to the row: their numbers, and which of its cells the last row was behind. 8 bytes each. */
const LEVELS: usize = 2048;
const MOST_DEPTH: u32 = 24;
/** By field of a row: its kind, where it begins, and whether it is a short text, and the last that was there. 12 bytes each. */
export const FIELDS: usize = 4096;
export const MOST_FIELDS: usize = 256;
/** By field: the length of its last short text, and the text. */
const TEXTS: usize = FIELDS + 12 * (MOST_FIELDS + 1);
const TEXT_SLOT: usize = 80;
const MOST_TEXT: u32 = 64;
/** Copies of the pages on the way to the row. */
const PAGES: usize = 65536;

// What `read` and `again` give.
const FOUND: i32 = 0;
const ABSENT: i32 = 1;
const ODD: i32 = 2;
const FETCH: i32 = 3;
const LONG: i32 = 4;

const LEAF: u8 = 13;
const INTERIOR: u8 = 5;
const HEADER: usize = 100;
/** As many bytes are read at once where nearly all are wanted. */
const MOST_PIECE: u32 = 256 << 10;
/** Longer rows are left to SQLite. */
const MOST_PAYLOAD: i64 = 1 << 29;
/** What is not exact as a number of JavaScript. */
const INEXACT: i64 = -1;
const MOST_EXACT: u64 = (1 << 53) - 1;

let size: usize = 0;
let usable: usize = 0;
let count: u32 = 0;
let root: u32 = 0;
let fields: u32 = 0;
/** Where the bytes of a row are written, and for how many there is room. */
let row: usize = 0;
let room: u32 = 0;

/** Tells of the table, and gives where the bytes of a row will be. Up to there memory must be. */
export function open(pageSize: usize, usableSize: usize, pages: u32, rootPage: u32, fieldCount: u32): usize {
  size = pageSize;
  usable = usableSize;
  count = pages;
  root = rootPage;
  fields = fieldCount;
  recentAt = PAGES + (MOST_DEPTH as usize) * size;
  otherAt = recentAt + (max<u32>(MOST_PIECE, size as u32) as usize);
  row = otherAt + (max<u32>(MOST_PIECE, size as u32) as usize);
  return row;
}

export function setRoom(bytes: u32): void {
  room = bytes;
}

// ---- pages ----

/**
 * Two pieces of the file, each of some pages. One after the other they come in large pieces, here and there one by one: a
 * piece is twice as long as the one whose place it takes where more than half of that was wanted, and it is near that, else
 * half. They begin at multiples of their length: what belongs to a row lies before its page as well as behind it.
 */
let recentAt: usize = 0;
let recentFirst: u32 = 1;
let recentCount: u32 = 0;
let recentAsked: u32 = 0;
let otherAt: usize = 0;
let otherFirst: u32 = 1;
let otherCount: u32 = 0;
let otherAsked: u32 = 0;
/** How many pages are read at once. */
let wanted: u32 = 2;
/** Where what is read is a page of the way to a row: which. */
let level: usize = 0;

/** What was needed is there. */
export function filled(): void {
  if (level != 0) store<u32>(level, load<u32>(NEEDED));
  else recentCount = load<u32>(NEEDED, 4);
}

/** Where a page is, until another is asked for; 0 where it is not at hand: see `missing`. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function page(number: u32): usize {
  if (number - recentFirst >= recentCount) {
    swap();
    if (number - recentFirst >= recentCount) return 0;
  }
  recentAsked++;
  return recentAt + ((number - recentFirst) as usize) * size;
}

function swap(): void {
  const at = recentAt;
  const first = recentFirst;
  const held = recentCount;
  const asked = recentAsked;
  recentAt = otherAt;
  recentFirst = otherFirst;
  recentCount = otherCount;
  recentAsked = otherAsked;
  otherAt = at;
  otherFirst = first;
  otherCount = held;
  otherAsked = asked;
}

/** Says what is needed of a page that `page` did not find. */
function missing(number: u32): i32 {
  if (number - 1 >= count) return ODD;
  // What is far from there says nothing of what is beside it.
  const distance = number > recentFirst ? number - recentFirst : recentFirst - number;
  const most = max<u32>(1, MOST_PIECE / (size as u32));
  if (distance < wanted * 4 && recentAsked * 2 > recentCount) wanted = min<u32>(wanted * 2, most);
  else wanted = max<u32>(1, wanted >> 1);
  const first = number - ((number - 1) % wanted);
  need(first, min<u32>(wanted, count - first + 1), recentAt);
  recentFirst = first;
  recentCount = 0;
  recentAsked = 0;
  level = 0;
  return FETCH;
}

function need(first: u32, pages: u32, at: usize): void {
  store<u32>(NEEDED, first);
  store<u32>(NEEDED, pages, 4);
  store<u32>(NEEDED, at as u32, 8);
}

/** Brings a page of the way to a row. Those above leaves are read by themselves, for they lie anywhere. */
function bring(number: u32, depth: u32, to: usize): i32 {
  const own = LEVELS + 8 * (depth as usize);
  if (depth >= leafDepth || number - recentFirst < recentCount || number - otherFirst < otherCount) {
    const at = page(number);
    if (at == 0) return missing(number);
    memory.copy(to, at, size);
    store<u32>(own, number);
    return FOUND;
  }
  if (number - 1 >= count) return ODD;
  need(number, 1, to);
  store<u32>(own, 0);
  level = own;
  return FETCH;
}

// ---- the way to a row ----

/** How many pages the last leaf was below. */
let leafDepth: u32 = 0;
/** The leaf at hand: where its cells are listed, how many there are, and of which rows. */
let leaf: usize = 0;
let cells: usize = 0;
let cellCount: u32 = 0;
let firstRow: i64 = i64.MAX_VALUE;
let lastRow: i64 = i64.MIN_VALUE;
/** The row that is looked for. */
let sought: i64 = 0;
/** While its bytes are gathered: how many there are, how many are there, and the page that the rest is on. */
let isGathering: bool = false;
let payload: u32 = 0;
let used: u32 = 0;
let next: u32 = 0;

/** Where the last `varint` ended. */
let varintEnd: usize = 0;

/** A variable-length integer that ends before an address, if it is exact. */
function varint(at: usize, end: usize): i64 {
  let value: u64 = 0;
  for (let i: usize = 0; i < 8; i++) {
    if (at + i >= end) return INEXACT;
    const byte = load<u8>(at + i);
    value = (value << 7) | ((byte & 0x7f) as u64);
    if (byte < 0x80) {
      varintEnd = at + i + 1;
      return value <= MOST_EXACT ? (value as i64) : INEXACT;
    }
  }
  varintEnd = at + 9;
  return INEXACT;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function u16At(at: usize): usize {
  return bswap<u16>(load<u16>(at)) as usize;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function u32At(at: usize): u32 {
  return bswap<u32>(load<u32>(at));
}

/** Looks for a row. */
export function read(rowid: f64): i32 {
  sought = rowid as i64;
  isGathering = false;
  return again();
}

/** Goes on. */
export function again(): i32 {
  if (!isGathering) {
    if (sought < firstRow || sought > lastRow) {
      const found = descend();
      if (found != FOUND) return found;
    }
    const found = seek();
    if (found != FOUND) return found;
  }
  while (used < payload) {
    const at = page(next);
    if (at == 0) return missing(next);
    const length = min<u32>(payload - used, (usable - 4) as u32);
    memory.copy(row + (used as usize), at + 4, length as usize);
    next = u32At(at);
    used += length;
  }
  isGathering = false;
  return split() ? FOUND : ODD;
}

/** Takes the leaf in hand that has the row if any has. */
function descend(): i32 {
  firstRow = i64.MAX_VALUE;
  lastRow = i64.MIN_VALUE;
  let number = root;
  for (let depth: u32 = 0; depth < MOST_DEPTH; depth++) {
    const own = LEVELS + 8 * (depth as usize);
    const at = PAGES + (depth as usize) * size;
    if (number == 0) return ODD;
    if (load<u32>(own) != number) {
      const brought = bring(number, depth, at);
      if (brought != FOUND) return brought;
    }
    const head = at + (number == 1 ? HEADER : 0);
    const type = load<u8>(head);
    const held = u16At(head + 3) as u32;
    const listed = head + (type == LEAF ? 8 : 12);
    if ((type != LEAF && type != INTERIOR) || listed + 2 * (held as usize) > at + usable) return ODD;
    if (type == LEAF) {
      leafDepth = depth;
      leaf = at;
      cells = listed;
      cellCount = held;
      if (held == 0) return FOUND;
      const first = rowidAt(0);
      const last = rowidAt(held - 1);
      if (first == INEXACT || last == INEXACT || first > last) return ODD;
      firstRow = first;
      lastRow = last;
      return FOUND;
    }
    number = child(own, at, head, listed, held);
  }
  return ODD;
}

/** Of a cell of the leaf. */
function rowidAt(cell: u32): i64 {
  const end = leaf + size;
  if (varint(leaf + u16At(cells + 2 * (cell as usize)), end) == INEXACT) return INEXACT;
  return varint(varintEnd, end);
}

/** The page below an interior one that has the row if any has; 0 for a key that is not exact. */
function child(own: usize, at: usize, head: usize, listed: usize, held: u32): u32 {
  let low: u32 = 0;
  let high: u32 = held;
  // Rows mostly come one after the other.
  const last = load<u32>(own, 4);
  for (let cell = last > 0 ? last - 1 : 0; cell <= last + 1; cell++) {
    if (cell < low || cell >= high) continue;
    const key = keyAt(at, listed, cell);
    if (key == INEXACT) return 0;
    if (key < sought) low = cell + 1;
    else high = cell;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    const key = keyAt(at, listed, middle);
    if (key == INEXACT) return 0;
    if (key < sought) low = middle + 1;
    else high = middle;
  }
  store<u32>(own, low, 4);
  if (low == held) return u32At(head + 8);
  const cell = u16At(listed + 2 * (low as usize));
  return cell + 4 <= size ? u32At(at + cell) : 0;
}

/** That no rowid behind a cell of an interior page is above. */
function keyAt(at: usize, listed: usize, cell: u32): i64 {
  return varint(at + u16At(listed + 2 * (cell as usize)) + 4, at + size);
}

/** Finds the row in the leaf at hand, and begins to gather it. */
function seek(): i32 {
  let low: i32 = 0;
  let high = (cellCount as i32) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = rowidAt(middle as u32);
    if (found == INEXACT) return ODD;
    if (found == sought) return begin(leaf + u16At(cells + 2 * (middle as usize)));
    if (found < sought) low = middle + 1;
    else high = middle - 1;
  }
  return ABSENT;
}

function begin(cell: usize): i32 {
  const end = leaf + size;
  const length = varint(cell, end);
  if (length == INEXACT || length > MOST_PAYLOAD) return ODD;
  varint(varintEnd, end);
  const start = varintEnd;
  payload = length as u32;
  store<u32>(PAYLOAD, payload);
  if (payload > room) return LONG;
  const kept = keptInLeaf();
  if (start + (kept as usize) + (kept < payload ? 4 : 0) > leaf + usable) return ODD;
  memory.copy(row, start, kept as usize);
  used = kept;
  next = kept < payload ? u32At(start + (kept as usize)) : 0;
  isGathering = true;
  return FOUND;
}

/** Of the bytes of the row, what stays in its leaf: the rest is in overflow pages. */
function keptInLeaf(): u32 {
  const most = (usable - 35) as u32;
  if (payload <= most) return payload;
  const least = (((usable - 12) * 32) / 255 - 23) as u32;
  const kept = least + ((payload - least) % ((usable - 4) as u32));
  return kept <= most ? kept : least;
}

// ---- the row ----

/** Finds the fields that are asked for. False where the row is shorter than that, as rows before a new column are. */
function split(): bool {
  const end = row + (payload as usize);
  const headerLength = varint(row, end);
  if (headerLength == INEXACT || headerLength > (payload as i64)) return false;
  const headerEnd = row + (headerLength as usize);
  let at = varintEnd;
  let start = headerLength as u64;
  let field = FIELDS;
  for (const last = FIELDS + 12 * (fields as usize); field < last; field += 12) {
    if (at >= headerEnd) return false;
    let kind = load<u8>(at) as i64;
    if (kind < 0x80) at++;
    else {
      kind = varint(at, end);
      if (kind == INEXACT) return false;
      at = varintEnd;
    }
    store<u32>(field, kind as u32);
    store<u32>(field, start as u32, 4);
    const length: u64 = kind >= 12 ? ((kind as u64) - 12) >> 1 : sizeOf(kind as u32);
    start += length;
    if (start > (payload as u64)) return false;
    const isText = kind >= 12 && (kind & 1) == 1;
    store<u32>(field, isText && isAsBefore(field, length as u32) ? 1 : 0, 8);
  }
  store<u32>(field, start as u32, 4);
  return at <= headerEnd;
}

/** The value of a field that is an integer of 1 to 6 bytes. */
export function integer(index: u32): f64 {
  const field = FIELDS + 12 * (index as usize);
  const length = sizeOf(load<u32>(field)) as usize;
  const start = row + (load<u32>(field, 4) as usize);
  let value: i64 = load<i8>(start) as i64;
  for (let at: usize = 1; at < length; at++) value = (value << 8) | (load<u8>(start + at) as i64);
  return value as f64;
}

/** Bytes of a value of a kind below 12; of those that are reserved, any. */
function sizeOf(kind: u32): u64 {
  if (kind <= 4) return kind;
  if (kind == 5) return 6;
  return kind == 6 || kind == 7 ? 8 : 0;
}

/** Whether a text is what the field had the last time that it had one. A short one is kept for that. */
function isAsBefore(field: usize, length: u32): bool {
  const slot = TEXTS + ((field - FIELDS) / 12) * TEXT_SLOT;
  const start = row + (load<u32>(field, 4) as usize);
  if (length > MOST_TEXT) {
    store<u32>(slot, 0);
    return false;
  }
  // One more than the length: none is kept at first.
  if (load<u32>(slot) == length + 1 && memory.compare(slot + 4, start, length as usize) == 0) return true;
  store<u32>(slot, length + 1);
  memory.copy(slot + 4, start, length as usize);
  return false;
}
