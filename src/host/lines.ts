import { StringDecoder } from 'node:string_decoder';

/** A line longer than this is given out in pieces. */
const LONGEST = 64 * 1024;

/**
 * Cuts a stream of bytes into lines. What a carriage return overwrote is dropped: of a progress bar the last state
 * counts. Bounded: neither a bar nor an endless line gathers in memory.
 */
export class Lines {
  readonly #give: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(give: (line: string) => void) {
    this.#give = give;
  }

  add(chunk: Uint8Array | string): void {
    const text = this.#rest + (typeof chunk === 'string' ? chunk : this.#decoder.write(Buffer.from(chunk)));
    const lines = text.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
    const overwritten = this.#rest.lastIndexOf('\r', this.#rest.length - 2);
    if (overwritten >= 0) this.#rest = this.#rest.slice(overwritten + 1);
    if (this.#rest.length > LONGEST) {
      this.#line(this.#rest);
      this.#rest = '';
    }
  }

  /** Gives out what has no line end yet. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (rest !== '') this.#line(rest.replace(/\r$/, ''));
  }

  #line(line: string): void {
    this.#give(line.slice(line.lastIndexOf('\r') + 1));
  }
}
