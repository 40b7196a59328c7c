import { setImmediate } from 'node:timers/promises';
import type { Digest } from '../base/digest.js';
import type { Extent } from '../store/object-list.js';
import type { ObjectStore } from '../store/objects.js';
import { JoinedFile } from './joined-file.js';
import { sharedHead, withWhole } from './proven-prefix.js';

/**
 * What came of a join the last time. Empty where the store does not know that any more, undefined where it was not joined, but
 * is what a rule wrote.
 */
export function lastJoined(objects: ObjectStore, before: Digest): readonly Extent[] | undefined {
  const extents = objects.members(before);
  if (extents === undefined) return [];
  return extents.some(({ through }) => through !== undefined) ? withWhole({ extents, digest: before }) : undefined;
}

/**
 * A join that is begun before all of its parts are known: with what came of it the last time, for most often it begins with
 * the same ones, and then with the parts that there are, as they are found and made.
 *
 *     writing ──writeOn──> writing ──take: as far as both are the same──> the file is at its place, cut to that
 *        │ '────damaged: as far as it was proven until then
 *        │ '────failed, on a full disk for example: no file
 *        '──drop──> no file
 */
export class JoinAhead {
  readonly #file: JoinedFile;
  /** What it began with is written, or the join is known to go another way. */
  #isBeyondBefore = false;
  #expected: readonly Extent[] = [];
  /** Resolves when it writes no more. */
  #writing: Promise<'written' | 'failed'>;
  #isOver = false;
  #dropping: Promise<void> | undefined;

  /**
   * Undefined where it cannot be.
   *
   * @param before what came of it the last time, or nothing
   * @param path where the file is written until it is taken; there must be none
   */
  static begin(objects: ObjectStore, before: readonly Extent[], path: string): JoinAhead | undefined {
    try {
      return new JoinAhead(objects, before, path);
    } catch {
      // Whoever joins meets what is in the way of a file.
      return undefined;
    }
  }

  private constructor(
    objects: ObjectStore,
    private readonly before: readonly Extent[],
    path: string,
  ) {
    this.#file = new JoinedFile(objects, path, 'may be cut');
    this.#writing = this.#unlessItFails(() => this.#writeBefore());
  }

  /** Resolves when all that it was told to is written, or cannot be. */
  get written(): Promise<unknown> {
    return this.#writing;
  }

  /** So many bytes are there. */
  get size(): number {
    return this.#file.size;
  }

  /** Says that the join begins with these extents: what was written before differs from what follows. */
  expect(extents: readonly Extent[]): void {
    if (this.#isOver) return;
    this.#expected = extents;
    this.#stopBefore(extents);
  }

  /** Writes on to the end of what is expected; resolves when that is written, or cannot be. */
  async writeOn(): Promise<void> {
    this.#writing = this.#writing.then((state) =>
      state === 'failed' || this.#isOver ? state : this.#unlessItFails(() => this.#writeExpected()),
    );
    await this.#writing;
  }

  /** Gives what is there of a join of these extents, moved to its place; the caller closes it. Undefined, and no file, where nothing is. */
  async take(extents: readonly Extent[], destination: string): Promise<JoinedFile | undefined> {
    if (this.#isOver) return undefined;
    this.#isOver = true;
    this.#stopBefore(extents);
    try {
      if ((await this.#writing) === 'failed') return undefined;
      this.#file.limit = Infinity;
      this.#file.cut(sharedHead(extents, this.#file.extents));
      if (this.#file.size > 0) {
        this.#file.moveTo(destination);
        return this.#file;
      }
    } catch {
      // As if nothing had been written.
    }
    this.#remove();
    return undefined;
  }

  /** Nobody wants it, or has taken it. Resolves when it writes no more. */
  drop(): Promise<void> {
    return (this.#dropping ??= this.#drop());
  }

  async #drop(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#file.limit = 0;
    await this.#writing;
    this.#remove();
  }

  #stopBefore(extents: readonly Extent[]): void {
    if (!this.#isBeyondBefore) this.#file.limit = sharedHead(extents, this.before);
  }

  async #writeBefore(): Promise<void> {
    if (this.before.length === 0) return;
    // Whoever begins it goes on first, and may know more by then.
    await setImmediate();
    await this.#file.appendProven(this.before);
    await this.#file.writeOut();
  }

  async #writeExpected(): Promise<void> {
    const extents = this.#expected;
    const shared = sharedHead(extents, this.#file.extents);
    if (shared === extents.length) return;
    this.#isBeyondBefore = true;
    this.#file.limit = Infinity;
    this.#file.cut(shared);
    await this.#file.append(extents.slice(this.#file.extents.length));
  }

  async #unlessItFails(write: () => Promise<void>): Promise<'written' | 'failed'> {
    try {
      await write();
      return 'written';
    } catch {
      // Its room may be what others lack.
      this.#remove();
      return 'failed';
    }
  }

  #remove(): void {
    try {
      this.#file.drop();
    } catch {
      // What cannot be removed goes with the stage.
    }
  }
}
