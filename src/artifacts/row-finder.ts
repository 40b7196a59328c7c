import { readSync } from 'node:fs';
import type { PageLayout } from './sqlite-pages.js';
import { ROWS } from './wasm/compiled.js';

interface Constant {
  readonly value: number;
}

/** What `wasm/rows.as` exports; the comments there say what each is. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly NEEDED: Constant;
  readonly PAYLOAD: Constant;
  readonly FIELDS: Constant;
  readonly MOST_FIELDS: Constant;
  open(pageSize: number, usable: number, pages: number, root: number, fields: number): number;
  setRoom(bytes: number): void;
  read(rowid: number): number;
  again(): number;
  filled(): void;
  integer(field: number): number;
}

const WASM_PAGE = 65536;
const [FOUND, ABSENT, FETCH, LONG] = [0, 1, 3, 4];
const LEAST_ROOM = 1 << 16;
/** A longer row is given up: memory grows, and does not shrink. */
const KEPT = 4 << 20;
/** Behind the row. */
const SLACK = 64;

/** Finds rows of a table in pages of a file, and where their fields are. WebAssembly does it without anything to collect. */
export class RowFinder {
  static #module: object | undefined;
  /** The memory, in which is the row that was found. */
  bytes: Buffer = Buffer.alloc(0);
  #exports!: Exports;
  #needed: Uint32Array = new Uint32Array(0);
  /** In threes: see `FIELDS`. */
  #fields: Uint32Array = this.#needed;
  #row = 0;
  #room = 0;

  private constructor(
    private readonly file: number,
    private readonly layout: PageLayout,
    private readonly root: number,
    private readonly fieldCount: number,
  ) {
    this.#begin();
  }

  /** Undefined for rows of more fields than it can tell of. */
  static of(file: number, layout: PageLayout, root: number, fields: number): RowFinder | undefined {
    const finder = new RowFinder(file, layout, root, fields);
    return fields <= finder.#exports.MOST_FIELDS.value ? finder : undefined;
  }

  /** `odd` for one that is not as it should be. */
  find(rowid: number): 'found' | 'absent' | 'odd' {
    if (this.#room > KEPT && this.#payload <= KEPT) this.#begin();
    for (let status = this.#exports.read(rowid); ; status = this.#exports.again()) {
      switch (status) {
        case FOUND:
          return 'found';
        case ABSENT:
          return 'absent';
        case FETCH:
          if (!this.#fetch()) return 'odd';
          break;
        case LONG:
          this.#makeRoom(this.#payload);
          break;
        default:
          return 'odd';
      }
    }
  }

  /** As the header of the row has it. */
  kind(field: number): number {
    return this.#fields[3 * field] as number;
  }

  /** Where a field begins in `bytes`; of the one behind the last, where that ends. */
  start(field: number): number {
    return this.#row + (this.#fields[3 * field + 1] as number);
  }

  /** An integer of 6 bytes at the most. */
  integer(field: number): number {
    return this.#exports.integer(field);
  }

  /** Whether a text is the one that the field had in the last row that had one there. */
  isAsBefore(field: number): boolean {
    return this.#fields[3 * field + 2] === 1;
  }

  #begin(): void {
    const module = (RowFinder.#module ??= new WebAssembly.Module(Buffer.from(ROWS, 'base64')));
    this.#exports = new WebAssembly.Instance(module).exports as Exports;
    const { size, usable, count } = this.layout;
    this.#row = this.#exports.open(size, usable, count, this.root, this.fieldCount);
    this.#makeRoom(LEAST_ROOM);
  }

  get #payload(): number {
    return this.#needed[(this.#exports.PAYLOAD.value - this.#exports.NEEDED.value) / 4] as number;
  }

  /** For a row of so many bytes, and for one that is somewhat longer. */
  #makeRoom(bytes: number): void {
    const { memory, NEEDED, FIELDS } = this.#exports;
    this.#room = bytes > KEPT ? bytes : Math.min(KEPT, Math.max(LEAST_ROOM, 2 * bytes));
    const pages = Math.ceil((this.#row + this.#room + SLACK) / WASM_PAGE) - memory.buffer.byteLength / WASM_PAGE;
    if (pages > 0) memory.grow(pages);
    this.#exports.setRoom(this.#room);
    this.bytes = Buffer.from(memory.buffer);
    this.#needed = new Uint32Array(memory.buffer, NEEDED.value);
    this.#fields = new Uint32Array(memory.buffer, FIELDS.value);
  }

  /** Reads the pages that are needed. Some thousand are read one by one: without a view of memory for each. */
  #fetch(): boolean {
    const needed = this.#needed;
    const { size } = this.layout;
    const [first, to] = [(needed[0] as number) - 1, needed[2] as number];
    const length = (needed[1] as number) * size;
    for (let used = 0; used < length;) {
      const count = readSync(this.file, this.bytes, to + used, length - used, first * size + used);
      if (count === 0) return false;
      used += count;
    }
    this.#exports.filled();
    return true;
  }
}
