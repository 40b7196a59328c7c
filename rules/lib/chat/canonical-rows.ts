import { isUtf8 } from 'node:buffer';
import { CanonicalKernel, type RowPath } from './canonical-kernel.js';
import { LINE_FEED } from './json-bytes.js';
import { RowPlaces } from './row-places.js';

const CARRIAGE_RETURN = 0x0d;

/** Rows that follow each other, and are alike in which values at the paths are true. All end with an LF, or the text. */
export interface RowRun {
  /** Where the first begins, and where the line behind the last does. */
  readonly start: number;
  readonly end: number;
  readonly rows: number;
  /** A bit for each path, from the first on. */
  readonly flags: number;
}

/**
 * Reads values of rows that are canonical: written just as `jsonText` writes them. It does not tell of all that are: then
 * `rewriteJson` says whether a line is one, and `WalkedRow` tells of it.
 *
 *     rows.open(text);
 *     if (rows.at(start)) … rows.end … rows.value(0)
 */
export class CanonicalRows extends RowPlaces {
  /** Of the row at hand: where its line ends. */
  end = 0;
  private isOpen = false;
  /** The values of the row at hand are told from `first` up to `last`, what follows it up to `count`. */
  private first = 0;
  private last = 0;
  private count = 0;
  /** Where the line behind that of the row at hand begins. */
  private following = 0;

  /** @param kernel `null` to do without. */
  constructor(
    private readonly paths: readonly RowPath[],
    private readonly kernel: CanonicalKernel | null = CanonicalKernel.get(),
  ) {
    super(paths.length);
  }

  /** Begins with the lines of another text. */
  open(text: Buffer): void {
    this.text = text;
    this.last = this.count = 0;
    this.isOpen = isUtf8(text) && this.kernel?.open(this, text, this.paths) === true;
  }

  /** Goes to the row whose line begins at an index of the text. False where this way does not tell of it. */
  at(start: number): boolean {
    const kernel = this.kernelAtHand();
    if (kernel === undefined) return false;
    let first = this.last + 3;
    if (!this.isTold(start)) {
      this.count = kernel.rows(start);
      if (this.count === 0) {
        this.last = 0;
        return false;
      }
      first = 0;
    }
    const { told, base } = kernel;
    const { text, starts, ends } = this;
    starts.fill(-1);
    let at = first;
    for (let number = told[at] as number; number !== 0; number = told[at] as number) {
      starts[number - 1] = (told[at + 1] as number) - base;
      ends[number - 1] = (told[at + 2] as number) - base;
      at += 3;
    }
    this.first = first;
    this.last = at;
    const end = (told[at + 2] as number) - base;
    this.end = end;
    this.following = end + (text[end] === CARRIAGE_RETURN && text[end + 1] === LINE_FEED ? 2 : 1);
    return true;
  }

  /**
   * The rows from the line on that begins at an index, as long as values at the paths are true, false, null or absent. None
   * where this way does not tell of them, or has told of the row there already.
   */
  runs(start: number): readonly RowRun[] {
    const kernel = this.kernelAtHand();
    if (kernel === undefined || this.isTold(start)) return [];
    this.last = this.count = 0;
    const count = kernel.runs(start);
    const { runTable, base } = kernel;
    const runs: RowRun[] = [];
    for (let at = 0; at < count; at += 4) {
      const [flags = 0, first = 0, end = 0, rows = 0] = runTable.subarray(at, at + 4);
      runs.push({ start: first - base, end: end - base, rows, flags });
    }
    return runs;
  }

  /** Whether it has been told of the row whose line begins at an index, and it has not been gone to. */
  private isTold(start: number): boolean {
    return this.last + 3 < this.count && start === this.following;
  }

  /** The kernel with this text; undefined where it is not for it. */
  private kernelAtHand(): CanonicalKernel | undefined {
    const { kernel } = this;
    if (!this.isOpen || kernel === null) return undefined;
    if (!kernel.isOpenFor(this)) {
      if (kernel.isInRoom(this.text)) throw new Error('another text was opened where this one is');
      kernel.open(this, this.text, this.paths);
      this.last = this.count = 0;
    }
    return kernel;
  }

  /** How long that is, without making it. */
  stringLength(start: number, end: number): number {
    return this.kernel?.units(start + 1, end - 1) ?? 0;
  }

  /** Visits all values at the paths, in the order in which they end; before another text is opened by anybody. */
  each(visit: (path: number, start: number, end: number) => void): void {
    const { kernel, first, last } = this;
    if (kernel === null) return;
    const { told, base } = kernel;
    for (let at = first; at < last; at += 3) {
      visit((told[at] as number) - 1, (told[at + 1] as number) - base, (told[at + 2] as number) - base);
    }
  }
}
