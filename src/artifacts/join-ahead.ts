import type { Digest } from '../base/digest.js';
import type { Extent } from '../store/object-list.js';
import type { ObjectStore } from '../store/objects.js';
import { JoinedFile } from './joined-file.js';
import { sharedHead, withWhole } from './proven-prefix.js';

/**
 * What came of a join the last time, written once more while it is still being found out which parts there are now: most often
 * they begin with the same ones.
 *
 *     writing ──take: as far as both are the same──> the file is at its place, cut to that
 *        │ '────damaged: as far as it was proven until then
 *        │ '────failed, on a full disk for example: no file
 *        '──drop──> no file
 */
export class JoinAhead {
  readonly #file: JoinedFile;
  /** Resolves when it writes no more. */
  readonly #writing: Promise<'written' | 'failed'>;
  #isOver = false;

  /**
   * Undefined where nothing is known of what came of it, or it was not joined.
   *
   * @param before what came of it the last time
   * @param path where the file is written until it is taken; there must be none
   */
  static begin(objects: ObjectStore, before: Digest, path: string): JoinAhead | undefined {
    const extents = objects.members(before);
    if (extents?.some(({ through }) => through !== undefined) !== true) return undefined;
    try {
      return new JoinAhead(objects, withWhole({ extents, digest: before }), path);
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
    this.#writing = this.#write();
  }

  /** Resolves when all is written, or cannot be. */
  get written(): Promise<unknown> {
    return this.#writing;
  }

  /** Says that the join begins with these extents, and that what follows differs from the last one. */
  expect(extents: readonly Extent[]): void {
    this.#file.limit = sharedHead(extents, this.before);
  }

  /** Gives what is there of a join of these extents, moved to its place; the caller closes it. Undefined, and no file, where nothing is. */
  async take(extents: readonly Extent[], destination: string): Promise<JoinedFile | undefined> {
    if (this.#isOver) return undefined;
    this.#isOver = true;
    this.expect(extents);
    try {
      if ((await this.#writing) === 'failed') return undefined;
      this.#file.limit = Infinity;
      await this.#file.cut(sharedHead(extents, this.#file.extents));
      if (this.#file.size > 0) {
        this.#file.moveTo(destination);
        return this.#file;
      }
    } catch {
      // As if nothing had been written.
    }
    await this.#remove();
    return undefined;
  }

  /** Nobody wants it, or has taken it. Resolves when it writes no more. */
  async drop(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#file.limit = 0;
    await this.#writing;
    await this.#remove();
  }

  async #write(): Promise<'written' | 'failed'> {
    try {
      await this.#file.appendProven(this.before);
      await this.#file.writeOut();
      return 'written';
    } catch {
      // Its room may be what others lack.
      await this.#remove();
      return 'failed';
    }
  }

  async #remove(): Promise<void> {
    // What cannot be removed goes with the stage.
    await this.#file.drop().catch(() => undefined);
  }
}
