import { sha256, type Digest } from '../base/digest.js';
import type { StatRecord } from './records.js';

/** Bytes of a row: size, mtime, ctime, inode, xxh64, recorded (8 each), digest, and how the xxh64 is given. */
const ROW = 88;
const AT = { size: 0, mtime: 8, ctime: 16, ino: 24, xxh64: 32, recorded: 40, digest: 48, how: 80 } as const;
const DIGEST_BYTES = 32;
/** Of a name as text, with its kind, quotes and comma. */
const LEAST_NAME = 4;
/** So many records are written as one piece: where one changes, some 100 KB are written again. */
const BLOCK = 1024;

const HEX = /^[0-9a-f]{16}$/;
/** `xxh64` is empty, 16 hex digits, or stands with the others that fit in no row. */
const HOW = { none: 0, hex: 1, odd: 2 } as const;

/** What fits in no row: by place in the block. */
type Odd = Readonly<Record<string, readonly [xxh64: string, side: string]>>;

/**
 * The stat records of one folder's files, packed: 20,000 of them take 4 MB, and are read and written without making
 * objects of them. In blocks, so that one file more or less is not all of it.
 */
export class StatFolder {
  readonly #places = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #odd = new Map<number, readonly [xxh64: string, side: string]>();
  #rows = Buffer.alloc(0);
  /** Of the rows: it reads and writes large integers several times as fast as a buffer. */
  #view = viewOf(this.#rows);

  get size(): number {
    return this.#names.length;
  }

  get blocks(): number {
    return Math.ceil(this.#names.length / BLOCK);
  }

  names(): readonly string[] {
    return this.#names;
  }

  get(name: string): StatRecord | undefined {
    const place = this.#places.get(name);
    if (place === undefined) return undefined;
    const at = place * ROW;
    const rows = this.#rows;
    const view = this.#view;
    const odd = this.#odd.get(place);
    const isHex = rows[at + AT.how] === HOW.hex;
    const xxh64 = isHex ? rows.toString('hex', at + AT.xxh64, at + AT.xxh64 + 8) : (odd?.[0] ?? '');
    return {
      size: view.getFloat64(at + AT.size, true),
      mtimeNs: view.getBigInt64(at + AT.mtime, true),
      ctimeNs: view.getBigInt64(at + AT.ctime, true),
      ino: view.getBigUint64(at + AT.ino, true),
      xxh64,
      digest: `sha256:${rows.toString('hex', at + AT.digest, at + AT.digest + DIGEST_BYTES)}`,
      side: odd?.[1] ?? '',
      recordedNs: view.getBigInt64(at + AT.recorded, true),
    };
  }

  /** @param place below `size` */
  nameAt(place: number): string {
    return this.#names[place] ?? '';
  }

  /** Gives the record's place: that of its name for as long as nothing is deleted. */
  set(name: string, record: StatRecord): number {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#names.length;
      this.#places.set(name, place);
      this.#names.push(name);
      this.#makeRoom(this.#names.length);
    }
    this.#fill(place, record);
    return place;
  }

  /** Gives the blocks that are other ones now, or not there any more: the last record takes the place of one that goes. */
  delete(name: string): readonly number[] {
    const place = this.#places.get(name);
    const last = this.#names.length - 1;
    const lastName = this.#names.pop();
    if (place === undefined || lastName === undefined) {
      if (lastName !== undefined) this.#names.push(lastName);
      return [];
    }
    this.#places.delete(name);
    if (place !== last) {
      this.#rows.copy(this.#rows, place * ROW, last * ROW, (last + 1) * ROW);
      const odd = this.#odd.get(last);
      if (odd === undefined) this.#odd.delete(place);
      else this.#odd.set(place, odd);
      this.#names[place] = lastName;
      this.#places.set(lastName, place);
    }
    this.#odd.delete(last);
    return [blockOf(place), blockOf(last)];
  }

  /** SHA-256 of what follows; length of the text; text: names, and what fits in no row; rows. */
  encode(block: number): Buffer {
    const from = block * BLOCK;
    const to = Math.min(from + BLOCK, this.#names.length);
    const odd: Record<string, readonly [string, string]> = {};
    if (this.#odd.size > 0) {
      for (let place = from; place < to; place++) {
        const own = this.#odd.get(place);
        if (own !== undefined) odd[String(place - from)] = own;
      }
    }
    const text = Buffer.from(JSON.stringify([this.#names.slice(from, to), odd]));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    const body = Buffer.concat([length, text, this.#rows.subarray(from * ROW, to * ROW)]);
    return Buffer.concat([Buffer.from(printOf(body), 'hex'), body]);
  }

  /** Says that the records of these blocks will be added: room that grows would leave what it grew out of behind. */
  expect(blocks: readonly Buffer[]): void {
    // A name takes a few bytes at least.
    const most = blocks.reduce((sum, { length }) => sum + Math.ceil(length / (ROW + LEAST_NAME)), 0);
    this.#makeRoom(Math.min(most, blocks.length * BLOCK));
  }

  /** Adds the records of a block. False where the bytes are not what `encode` gave. */
  decode(bytes: Buffer): boolean {
    const body = bytes.subarray(DIGEST_BYTES);
    if (body.length < 4 || printOf(body) !== bytes.toString('hex', 0, DIGEST_BYTES)) return false;
    const end = 4 + body.readUInt32LE();
    const [names, odd] = JSON.parse(body.toString('utf8', 4, end)) as [string[], Odd];
    const first = this.#names.length;
    for (const name of names) {
      this.#places.set(name, this.#names.length);
      this.#names.push(name);
    }
    this.#makeRoom(this.#names.length);
    body.copy(this.#rows, first * ROW, end);
    for (const [place, own] of Object.entries(odd)) this.#odd.set(first + Number(place), own);
    return true;
  }

  #fill(place: number, { size, mtimeNs, ctimeNs, ino, xxh64, digest, side, recordedNs }: StatRecord): void {
    const at = place * ROW;
    const rows = this.#rows;
    const view = this.#view;
    const isHex = HEX.test(xxh64);
    view.setFloat64(at + AT.size, size, true);
    view.setBigInt64(at + AT.mtime, mtimeNs, true);
    view.setBigInt64(at + AT.ctime, ctimeNs, true);
    view.setBigUint64(at + AT.ino, ino, true);
    view.setBigInt64(at + AT.recorded, recordedNs, true);
    rows.write(isHex ? xxh64 : '0000000000000000', at + AT.xxh64, 'hex');
    rows.write(digest.slice('sha256:'.length), at + AT.digest, 'hex');
    const isOdd = side !== '' || (!isHex && xxh64 !== '');
    rows[at + AT.how] = isHex ? HOW.hex : isOdd ? HOW.odd : HOW.none;
    if (isOdd) this.#odd.set(place, [xxh64, side]);
    else this.#odd.delete(place);
  }

  #makeRoom(count: number): void {
    const wanted = count * ROW;
    if (wanted <= this.#rows.length) return;
    const larger = Buffer.alloc(Math.max(wanted, Math.floor((this.#rows.length * 5) / 4)));
    this.#rows.copy(larger);
    this.#rows = larger;
    this.#view = viewOf(larger);
  }
}

export function blockOf(place: number): number {
  return Math.floor(place / BLOCK);
}

function viewOf(rows: Buffer): DataView {
  return new DataView(rows.buffer, rows.byteOffset, rows.length);
}

/** Of the bytes of a block: two with one print are the same. */
export function printOfBlock(bytes: Buffer): string {
  return bytes.toString('hex', 0, DIGEST_BYTES);
}

function printOf(body: Buffer): string {
  const digest: Digest = sha256(body);
  return digest.slice('sha256:'.length);
}
