import { createHash, type Hash } from 'node:crypto';
import { renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { Digest } from '../base/digest.js';
import { ExtentReader } from '../store/extent-reader.js';
import type { Extent } from '../store/object-list.js';
import { CorruptObject, type ObjectRef, type ObjectStore } from '../store/objects.js';
import { BufferedFile } from './buffered-file.js';
import { Turn } from './pieces.js';

/** So often it is kept what all bytes until there come to. */
const MILESTONE = 1 << 20;
/** After so many bytes others get a turn: hosts that make parts meanwhile wait for more. */
const TURN = 8 << 20;

export interface Joined {
  readonly whole: ObjectRef;
  /** With milestones. */
  readonly extents: readonly Extent[];
}

/** A place to which the file can be cut. */
interface Mark {
  readonly extents: number;
  readonly size: number;
  /** Of all bytes until there. */
  readonly hash: Hash;
}

type Seen = (piece: Buffer) => void;

/**
 * Objects of the store one after the other, in a file if there is one, with what their bytes come to.
 *
 *     open ──append, appendProven, cut, moveTo…──> open ──finish──> closed: the file is whole
 *       '──────────────────drop────────────────────────────────────> closed: no file
 */
export class JoinedFile {
  #path: string | null;
  readonly #file: BufferedFile | undefined;
  readonly #turn = new Turn(TURN);
  /** With milestones. */
  readonly #extents: Extent[] = [];
  readonly #marks: Mark[] = [];
  #hash = createHash('sha256');
  #size = 0;
  #milestone = 0;
  /** What is being appended ends when so many extents are there. */
  #limit = Infinity;

  constructor(
    private readonly objects: ObjectStore,
    path: string | null,
    private readonly mayBeCut: 'may be cut' | 'only grows',
  ) {
    this.#path = path;
    this.#file = path === null ? undefined : new BufferedFile(path, 0);
  }

  /** Of these it consists. */
  get extents(): readonly Extent[] {
    return this.#extents;
  }

  get size(): number {
    return this.#size;
  }

  get path(): string | null {
    return this.#path;
  }

  /** More than so many extents are not wanted: what is being appended ends there. */
  set limit(extents: number) {
    this.#limit = extents;
  }

  /**
   * Appends extents, each checked by itself.
   *
   * @param seen told of each piece before it is appended
   * @throws CorruptObject, and what `seen` throws
   */
  async append(extents: readonly Extent[], seen?: Seen): Promise<void> {
    await this.#read(extents, 0, seen, ({ sha256, size, from }) => {
      const extent = { sha256, size, ...(from === undefined ? {} : { from }) };
      if (this.#size - this.#milestone < MILESTONE) {
        this.#extents.push(extent);
        return true;
      }
      this.#extents.push({ ...extent, through: digestOf(this.#hash.copy()) });
      this.#milestone = this.#size;
      if (this.mayBeCut === 'may be cut') this.#mark();
      return true;
    });
  }

  /**
   * Appends what was joined before, to an empty file. Its pieces are not checked one by one, but where the extents tell what
   * all bytes until there come to. What lies behind the last such place that agrees is not appended.
   */
  async appendProven(extents: readonly Extent[], seen?: Seen): Promise<void> {
    let last: Mark = { extents: 0, size: 0, hash: this.#hash.copy() };
    try {
      await this.#read(extents, extents.length, seen, (extent) => {
        this.#extents.push(extent);
        if (extent.through === undefined) return true;
        if (digestOf(this.#hash.copy()) !== extent.through) return false;
        last = { extents: this.#extents.length, size: this.#size, hash: this.#hash.copy() };
        this.#milestone = this.#size;
        if (this.mayBeCut === 'may be cut') this.#mark();
        return true;
      });
    } catch (error) {
      // Who wants what lies there meets it again.
      if (!(error instanceof CorruptObject)) throw error;
    }
    this.#cutTo(last);
  }

  /** Leaves at the most so many extents, and no more than until the last mark there. */
  cut(extents: number): void {
    if (extents >= this.#extents.length) return;
    const start: Mark = { extents: 0, size: 0, hash: createHash('sha256') };
    this.#cutTo(this.#marks.findLast((mark) => mark.extents <= extents) ?? start);
  }

  /**
   * Has the file system begin to bring to the disk what is in the file so far. ext4 does that, tens of milliseconds for
   * 100 MB, before a file takes another one's place: here on another thread, long before that.
   */
  async writeOut(): Promise<void> {
    if (this.#path === null) return;
    this.#file?.toDisk();
    const name = `${this.#path}.whole`;
    writeFileSync(name, '');
    await rename(this.#path, name);
    this.#path = name;
  }

  /** Within its file system; what was appended is there then. */
  moveTo(path: string): void {
    if (this.#path === null) throw new Error('there is no file to move');
    this.#file?.toDisk();
    renameSync(this.#path, path);
    this.#path = path;
  }

  finish(): Joined {
    this.#file?.finish();
    return { whole: { sha256: digestOf(this.#hash.copy()), size: this.#size }, extents: this.#extents };
  }

  /** Closes it as it is. */
  close(): void {
    if (this.#file?.open === true) this.#file.discard();
  }

  /** Closes and removes it. */
  drop(): void {
    this.close();
    if (this.#path !== null) rmSync(this.#path, { force: true });
  }

  /** @param ended told of each extent that is there; false ends it */
  async #read(
    extents: readonly Extent[],
    unchecked: number,
    seen: Seen | undefined,
    ended: (extent: Extent) => boolean,
  ): Promise<void> {
    const reader = new ExtentReader(this.objects);
    let [count, end] = [0, this.#size];
    try {
      for (const piece of reader.pieces(extents, unchecked)) {
        if (this.#extents.length >= this.#limit) break;
        seen?.(piece);
        this.#file?.write(piece);
        this.#hash.update(piece);
        this.#size += piece.length;
        const extent = extents[count];
        if (extent !== undefined && this.#size === end + extent.size) {
          end = this.#size;
          count++;
          if (!ended(extent)) break;
        }
        // To find and open a file costs about as much as 16 KiB.
        if (this.#turn.due(piece.length + (1 << 14))) await this.#turn.pass();
      }
    } finally {
      reader.close();
    }
  }

  #cutTo({ extents, size, hash }: Mark): void {
    if (extents === this.#extents.length && size === this.#size) return;
    this.#file?.toDisk();
    if (this.#path !== null) truncateSync(this.#path, size);
    this.#size = size;
    this.#hash = hash.copy();
    this.#extents.length = extents;
    this.#milestone = size;
    while ((this.#marks.at(-1)?.size ?? 0) > size) this.#marks.pop();
  }

  /** The larger the file is, the less it matters to read a bit more of it again. */
  #mark(): void {
    if (this.#size - (this.#marks.at(-1)?.size ?? 0) < Math.max(MILESTONE, this.#size / 128)) return;
    this.#marks.push({ extents: this.#extents.length, size: this.#size, hash: this.#hash.copy() });
  }
}

function digestOf(hash: Hash): Digest {
  return `sha256:${hash.digest('hex')}`;
}
