import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The log of one target in one run, made with its first line. A log that cannot be written (a full disk) is given up:
 * it must not fail the work that it tells of.
 */
export class TargetLog {
  #file: number | undefined;
  #lost = false;
  #written = false;

  constructor(
    readonly path: string,
    private readonly scrub: (line: string) => string,
  ) {}

  /** Whether there is anything in it. */
  get written(): boolean {
    return this.#written;
  }

  write(line: string, part?: string): void {
    if (this.#lost) return;
    try {
      if (this.#file === undefined) {
        mkdirSync(dirname(this.path), { recursive: true });
        this.#file = openSync(this.path, 'a');
      }
      writeSync(this.#file, this.scrub(part === undefined ? `${line}\n` : `[${part}] ${line}\n`));
      this.#written = true;
    } catch {
      this.#lost = true;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
