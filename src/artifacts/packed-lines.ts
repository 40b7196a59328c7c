/** Room for what is added later, so that not every line moves all others to another place. */
const SLACK = 4096;

/**
 * Lines of a text as its bytes, each with its line feed. As strings, 20,000 lines would take four times the memory, and
 * would have to be joined whenever the text is digested.
 */
export class PackedLines {
  #bytes: Buffer;
  /** Where each line begins, and where the last one ends. */
  #starts: Uint32Array;
  #count: number;

  /** @param lineAt is asked twice for each, so that they need not be there all at once */
  constructor(count: number, lineAt: (place: number) => string) {
    this.#count = count;
    this.#starts = new Uint32Array(count + 1);
    for (let i = 0; i < count; i++) this.#starts[i + 1] = this.#startOf(i) + Buffer.byteLength(lineAt(i)) + 1;
    this.#bytes = Buffer.allocUnsafeSlow(this.#startOf(count) + SLACK);
    for (let i = 0; i < count; i++) this.#write(lineAt(i), this.#startOf(i));
  }

  /** What lines there are, one after the other: until they change. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#startOf(this.#count));
  }

  /** Without the line feed. */
  at(place: number): string {
    return this.#bytes.toString('utf8', this.#startOf(place), this.#startOf(place + 1) - 1);
  }

  replace(place: number, line: string): void {
    this.#makeRoom(place, { before: 1, after: 1, length: Buffer.byteLength(line) + 1 });
    this.#write(line, this.#startOf(place));
  }

  insert(place: number, line: string): void {
    this.#makeRoom(place, { before: 0, after: 1, length: Buffer.byteLength(line) + 1 });
    this.#write(line, this.#startOf(place));
  }

  delete(place: number): void {
    this.#makeRoom(place, { before: 1, after: 0, length: 0 });
  }

  /** In place of so many lines `before`, room of that length for so many `after`. */
  #makeRoom(
    place: number,
    { before, after, length }: { readonly before: 0 | 1; readonly after: 0 | 1; readonly length: number },
  ): void {
    const [from, to, end] = [this.#startOf(place), this.#startOf(place + before), this.#startOf(this.#count)];
    const moved = from + length - to;
    if (end + moved > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(end + moved + SLACK);
      this.#bytes.copy(larger, 0, 0, from);
      this.#bytes.copy(larger, to + moved, to, end);
      this.#bytes = larger;
    } else if (moved !== 0) this.#bytes.copyWithin(to + moved, to, end);
    if (before !== after) {
      const starts = new Uint32Array(this.#count + after - before + 1);
      starts.set(this.#starts.subarray(0, place + 1));
      starts.set(this.#starts.subarray(place + before), place + after);
      this.#starts = starts;
      this.#count += after - before;
    }
    for (let i = place + after; i <= this.#count; i++) this.#starts[i] = this.#startOf(i) + moved;
  }

  #write(line: string, at: number): void {
    const length = this.#bytes.write(line, at);
    this.#bytes[at + length] = LINE_FEED;
  }

  #startOf(place: number): number {
    return this.#starts[place] ?? 0;
  }
}

const LINE_FEED = 10;
