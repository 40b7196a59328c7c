import { isUtf8 } from 'node:buffer';
import { EACH, type RowPath } from './canonical-kernel.js';
import { CLOSE_LIST, CLOSE_OBJECT, JsonBytes, OPEN_LIST, OPEN_OBJECT, QUOTE, Unusual } from './json-bytes.js';

/**
 * Tells of a row that is known to be canonical as `CanonicalRows` does, whatever its length: nothing of it is made but what
 * is asked for.
 */
export class WalkedRow {
  /** In threes: a path, and where a value there begins and ends; in the order in which they end. */
  private readonly told: number[] = [];
  private readonly json = new JsonBytes();

  private constructor(
    private readonly line: Buffer,
    private readonly paths: readonly RowPath[],
  ) {}

  /** Undefined where this way does not tell of it. */
  static of(line: Buffer, paths: readonly RowPath[]): WalkedRow | undefined {
    const row = new WalkedRow(line, paths);
    try {
      row.json.open(line, 0, line.length);
      row.json.finish(row.walk(0, Array.from(paths.keys()), 0));
      return isUtf8(line) ? row : undefined;
    } catch (error) {
      if (error instanceof Unusual) return undefined;
      throw error;
    }
  }

  /** As `CanonicalRows` has it, as are the others. */
  jsonText(path: number): string | undefined {
    const last = this.told.findLastIndex((one, i) => i % 3 === 0 && one === path);
    return last < 0 ? undefined : this.line.toString('utf8', this.told[last + 1], this.told[last + 2]);
  }

  each(visit: (path: number, start: number, end: number) => void): void {
    const { told } = this;
    for (let i = 0; i < told.length; i += 3) visit(told[i] as number, told[i + 1] as number, told[i + 2] as number);
  }

  is(start: number, end: number, text: string): boolean {
    return end - start === text.length && this.json.matches(start, text);
  }

  isString(start: number): boolean {
    return this.line[start] === QUOTE;
  }

  /** Passes the value that begins at an index. `open`: the paths on which it lies, after so many of their steps. */
  private walk(start: number, open: readonly number[], steps: number): number {
    const { json, paths, told } = this;
    const inner = open.filter((path) => (paths[path]?.length ?? 0) > steps);
    const isList = this.line[start] === OPEN_LIST;
    let end: number;
    if (inner.length === 0 || !(isList || this.line[start] === OPEN_OBJECT)) end = json.skip(start);
    else {
      const close = isList ? CLOSE_LIST : CLOSE_OBJECT;
      let at = json.enter(start, close);
      while (at >= 0) {
        const key = at;
        if (!isList) at = json.colon(json.key(at));
        const on = inner.filter((path) => {
          const step = paths[path]?.[steps];
          if (isList || step === EACH || step === undefined) return isList && step === EACH;
          const length = Buffer.byteLength(step);
          return at - 2 - key === length + 2 && this.line.toString('utf8', key + 1, key + 1 + length) === step;
        });
        at = json.next(on.length === 0 ? json.skip(at) : this.walk(at, on, steps + 1), close);
      }
      end = -at;
    }
    for (const path of open) if (paths[path]?.length === steps) told.push(path, start, end);
    return end;
  }
}
