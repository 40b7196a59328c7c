import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { hexOf, sha256, type Digest } from '../base/digest.js';
import { namesIn } from '../base/names-in.js';
import { readFully } from '../base/read-fully.js';
import { giveBack, takeBuffer } from '../base/spare-buffers.js';
import { endOfExtent, EXTENT_BYTES } from './cut.js';
import { Extents, parseList, printList, type Extent } from './object-list.js';

/** Bytes by name: their digest, and how many they are. */
export interface ObjectRef {
  readonly sha256: Digest;
  readonly size: number;
  /** Where they are no object of their own, but lie in a blob from `from` on: small objects are stored together. */
  readonly inside?: { readonly blob: Digest; readonly from: number };
}

/** The object that holds the bytes: itself, or the blob in which it lies. */
export function holderOf({ sha256, inside }: Pick<ObjectRef, 'sha256' | 'inside'>): Digest {
  return inside?.blob ?? sha256;
}

/**
 * What is stored is not what its name says, or a piece of it is gone. A damaged blob is dropped, if it can be, before this
 * is thrown.
 */
export class CorruptObject extends Error {
  readonly digest: Digest;
  readonly problem: 'corrupt' | 'missing';

  constructor(digest: Digest, problem: 'corrupt' | 'missing') {
    super(`stored object ${digest} is ${problem}`);
    this.name = 'CorruptObject';
    this.digest = digest;
    this.problem = problem;
  }
}

/** From this many names on, listing the folders is cheaper than asking for each. */
const MANY = 2000;

/** Blobs of which pieces are read are held, so many of them: the next piece is mostly of one of these. */
const HELD_BLOBS = 3;

/** Some bytes of a blob. */
type Piece = Extent & { readonly from: number };

/** Names by folder of the store, while many objects are looked for. */
type Listings = Map<string, ReadonlySet<string>>;

/**
 * Content by SHA-256, in `objects/ab/cdef…`.
 *
 * An object is a blob (at most 4 MiB, read-only) or a list of objects (`….list`) whose bytes, concatenated, are its own.
 * Both appear whole or not at all: they are written elsewhere and renamed. They are not fsynced, but checked whenever
 * they are read, so that what a power cut leaves is found out, dropped and made again.
 *
 * @throws the file system's errors (`ENOSPC`, `EACCES`) as they are: hosts name them to the engine.
 */
export class ObjectStore {
  readonly #folder: string;
  readonly #writer = randomBytes(8).toString('hex');
  #written = 0;
  /** Checked; the one that was used last comes last. */
  readonly #held = new Map<Digest, Buffer>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether the object is there with all its pieces. Their bytes are not looked at. */
  has(name: Digest | ObjectRef): boolean {
    return this.#isWhole(typeof name === 'string' ? name : holderOf(name), undefined);
  }

  /** Those of `digests` of which something is not there: as `has`, but quick for many. */
  missing(digests: Iterable<Digest>): Digest[] {
    const all = [...digests];
    const listings: Listings | undefined = all.length >= MANY ? new Map() : undefined;
    return all.filter((digest) => !this.#isWhole(digest, listings));
  }

  putBytes(data: Uint8Array): ObjectRef {
    const whole: ObjectRef = { sha256: sha256(data), size: data.length };
    if (data.length <= EXTENT_BYTES) {
      this.#putBlob(whole, data);
      return whole;
    }
    const members: ObjectRef[] = [];
    for (let start = 0; start < data.length;) {
      const end = endOfExtent(data, start);
      members.push(this.putBytes(data.subarray(start, end)));
      start = end;
    }
    this.putList(members, whole);
    return whole;
  }

  /** Copies a file in, reading it once. A file that changes meanwhile is stored as it was read. */
  putFile(path: string): ObjectRef {
    const file = openSync(path, 'r');
    const buffer = takeBuffer(2 * EXTENT_BYTES);
    try {
      let length = readFully(file, buffer, null);
      if (length < buffer.length) return this.putBytes(buffer.subarray(0, length));
      const hash = createHash('sha256');
      const members: ObjectRef[] = [];
      let size = 0;
      for (let more = true; length > 0;) {
        let from = 0;
        // The last ones wait for what follows, unless nothing does.
        while (from < length && (!more || length - from >= EXTENT_BYTES)) {
          const end = endOfExtent(buffer.subarray(0, length), from);
          const extent = buffer.subarray(from, end);
          hash.update(extent);
          members.push(this.putBytes(extent));
          from = end;
        }
        size += from;
        buffer.copyWithin(0, from, length);
        length -= from;
        const read: number = more ? readFully(file, buffer.subarray(length), null) : 0;
        more = read > 0;
        length += read;
      }
      const whole: ObjectRef = { sha256: `sha256:${hash.digest('hex')}`, size };
      this.putList(members, whole);
      return whole;
    } finally {
      giveBack(buffer);
      closeSync(file);
    }
  }

  /**
   * Says that the bytes of `members`, one after the other, are `whole`. That this is so is the caller's word; that the
   * sizes agree is checked. Members may be lists.
   */
  putList(members: readonly ObjectRef[], whole: ObjectRef): void {
    this.putExtents(extentsOf(members), whole);
  }

  /** The same, of what lies where. */
  putExtents(extents: readonly Extent[], whole: ObjectRef): void {
    const size = extents.reduce((sum, extent) => sum + extent.size, 0);
    if (size !== whole.size) throw new RangeError(`members have ${String(size)} bytes, not ${String(whole.size)}`);
    const [first] = extents;
    if (first === undefined) this.putBytes(new Uint8Array());
    if (first === undefined || (extents.length === 1 && first.sha256 === whole.sha256)) return;
    const path = this.#path(whole.sha256);
    if (sizeOf(path) === whole.size) return;
    // Equal bytes can be cut differently (by parts, by extents): the newer cut's members are those that are wanted now.
    const text = Buffer.from(printList(extents, whole.size));
    if (readIfThere(`${path}.list`)?.equals(text) !== true) this.#write(`${path}.list`, text);
  }

  /** Says that a list's bytes are elsewhere: the same ones, by the caller's word. */
  moveList(name: Digest, extents: readonly Extent[]): void {
    const size = extents.reduce((sum, extent) => sum + extent.size, 0);
    this.#write(`${this.#path(name)}.list`, Buffer.from(printList(extents, size)));
  }

  /** What a list consists of; undefined for a blob and for what is not there. A damaged list is dropped. */
  members(digest: Digest): readonly Extent[] | undefined {
    const path = `${this.#path(digest)}.list`;
    const text = readIfThere(path)?.toString('latin1');
    if (text === undefined) return undefined;
    const members = parseList(text);
    if (members === undefined) dropDamaged(path);
    return members;
  }

  /**
   * The bytes in order, each piece checked before it is given.
   *
   * @throws CorruptObject where a piece is damaged or gone.
   */
  *read(name: Digest | ObjectRef): Generator<Buffer, void, undefined> {
    if (typeof name === 'object' && name.inside !== undefined) {
      const piece = this.#readPiece({ sha256: name.inside.blob, from: name.inside.from, size: name.size });
      // The blob is checked as a whole; where in it the piece lies, only a row of the index says.
      if (sha256(piece) !== name.sha256) throw new CorruptObject(name.sha256, 'corrupt');
      yield piece;
      return;
    }
    const digest = typeof name === 'string' ? name : name.sha256;
    const blob = this.#readBlob(digest);
    if (blob !== undefined) {
      if (blob.length > 0) yield blob;
      return;
    }
    const members = this.members(digest);
    if (members === undefined) throw new CorruptObject(digest, 'missing');
    for (const member of members) yield* this.readExtent(member);
  }

  /** As `read`. */
  *readExtent({ sha256, size, from }: Extent): Generator<Buffer, void, undefined> {
    if (from === undefined) yield* this.read(sha256);
    else yield this.#readPiece({ sha256, size, from });
  }

  /**
   * Writes the bytes to a file that must not be there yet: never a link to the store. What fails leaves no file.
   *
   * @throws CorruptObject
   */
  copyTo(name: Digest | ObjectRef, destination: string, options: { readonly executable?: boolean } = {}): void {
    const file = openSync(destination, 'wx', options.executable === true ? 0o777 : 0o666);
    let done = false;
    try {
      for (const piece of this.read(name))
        for (let at = 0; at < piece.length;) at += writeSync(file, piece, at, piece.length - at);
      done = true;
    } finally {
      closeSync(file);
      if (!done) rmSync(destination, { force: true });
    }
  }

  /**
   * A read-only path to a blob's bytes, checked now; undefined for a list.
   *
   * @throws CorruptObject where it is damaged, or there is no such object.
   */
  blobPath(digest: Digest): string | undefined {
    if (this.#readBlob(digest) !== undefined) return this.#path(digest);
    if (this.members(digest) === undefined) throw new CorruptObject(digest, 'missing');
    return undefined;
  }

  /**
   * A path to the bytes, checked now, not to be written to: the blob's own, or that of a copy in `scratch`, which is
   * made once.
   *
   * @throws CorruptObject
   */
  materialize(digest: Digest, scratch: string): string {
    const blob = this.blobPath(digest);
    if (blob !== undefined) return blob;
    const path = join(scratch, hexOf(digest));
    if (sizeOf(path) !== undefined) return path;
    mkdirSync(scratch, { recursive: true });
    const partial = `${path}.${this.#writer}`;
    this.copyTo(digest, partial);
    renameSync(partial, path);
    return path;
  }

  /** Where a blob of this name is, if there is one. */
  pathOf(digest: Digest): string {
    return this.#path(digest);
  }

  #path(digest: Digest): string {
    const hex = hexOf(digest);
    return join(this.#folder, hex.slice(0, 2), hex.slice(2));
  }

  /** Undefined where there is no such blob. */
  #readBlob(digest: Digest): Buffer | undefined {
    const path = this.#path(digest);
    const data = readIfThere(path);
    if (data === undefined || sha256(data) === digest) return data;
    dropDamaged(path);
    throw new CorruptObject(digest, 'corrupt');
  }

  /** @throws CorruptObject */
  #readPiece({ sha256, from, size }: Piece): Buffer {
    let blob = this.#held.get(sha256);
    if (blob === undefined) {
      blob = this.#readBlob(sha256);
      if (blob === undefined) throw new CorruptObject(sha256, 'missing');
      const [oldest] = this.#held.keys();
      if (oldest !== undefined && this.#held.size >= HELD_BLOBS) this.#held.delete(oldest);
    }
    this.#held.delete(sha256);
    this.#held.set(sha256, blob);
    if (from + size > blob.length) throw new CorruptObject(sha256, 'corrupt');
    return blob.subarray(from, from + size);
  }

  #putBlob(ref: ObjectRef, data: Uint8Array): void {
    const path = this.#path(ref.sha256);
    // The size finds out what a power cut leaves: a name without its bytes.
    if (sizeOf(path) !== ref.size) this.#write(path, data);
  }

  #write(path: string, data: Uint8Array): void {
    const temporary = join(this.#folder, 'tmp', `${this.#writer}-${String(this.#written++)}`);
    try {
      inFolder(temporary, () => writeFileSync(temporary, data, { flag: 'wx', mode: 0o444 }));
      inFolder(path, () => renameSync(temporary, path));
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  #isWhole(digest: Digest, listings: Listings | undefined): boolean {
    if (this.#isNamed(digest, '', listings)) return true;
    if (!this.#isNamed(digest, '.list', listings)) return false;
    const members = this.members(digest);
    if (members === undefined) return false;
    const inside: Listings | undefined = listings ?? (members.length >= MANY ? new Map() : undefined);
    return members.every((member) => this.#isWhole(member.sha256, inside));
  }

  #isNamed(digest: Digest, suffix: string, listings: Listings | undefined): boolean {
    const path = this.#path(digest) + suffix;
    if (listings === undefined) return sizeOf(path) !== undefined;
    const folder = dirname(path);
    let names = listings.get(folder);
    if (names === undefined) {
      names = new Set(namesIn(folder));
      listings.set(folder, names);
    }
    return names.has(path.slice(folder.length + 1));
  }
}

/** Where the store may not be written it stays, and is found to be damaged by whoever reads it next. */
export function dropDamaged(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Writes what is at the path, and makes its folder only where there is none: most often there is. */
function inFolder(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true });
    write();
  }
}

/** Where the bytes of objects lie, one after the other. */
function extentsOf(members: Iterable<ObjectRef>): readonly Extent[] {
  const extents = new Extents();
  for (const { sha256, size, inside } of members) {
    if (inside === undefined) extents.add(sha256, size);
    else extents.add(inside.blob, size, inside.from);
  }
  return extents.all;
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
