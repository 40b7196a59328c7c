import { CANONICAL } from './wasm/compiled.js';

interface Constant {
  readonly value: number;
}

/** What `wasm/canonical.as` exports; the comments there say what each does. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly NODES: Constant;
  readonly MOST_NODES: Constant;
  readonly EDGES: Constant;
  readonly KEY_TEXT: Constant;
  readonly MOST_KEY_TEXT: Constant;
  readonly TOLD: Constant;
  readonly TEXT: Constant;
  readonly RUNS: Constant;
  rows(at: number, end: number): number;
  runs(at: number, end: number): number;
  units(at: number, end: number): number;
}

/** In a path: every item of a list. */
export const EACH = Symbol('each item');
/** The way to values in a row: keys, and `EACH`. */
export type RowPath = readonly (string | typeof EACH)[];

const PAGE = 65536;
/** Longer text is left to who asks: the memory is never given back. */
const MOST_BYTES = 4 << 20;
/** Behind the text. */
const ZEROS = 64;

/** Passes canonical rows, many at once, and tells where wanted values are. What it takes `rewriteJson` finds canonical. */
export class CanonicalKernel {
  private static shared: CanonicalKernel | null | undefined;
  /**
   * In threes: the number of a path, from 1, and the addresses where a value begins and ends; number 0 for a row, after its
   * values.
   */
  readonly told: Uint32Array;
  /** In fours: what `RUNS` is said to have. */
  readonly runTable: Uint32Array;
  /** The address of the text. */
  readonly base: number;
  /** Text that is written here need not be copied when it is opened; until somebody opens another. */
  readonly room: Buffer;
  private readonly all: Uint8Array;
  private length = 0;
  private user: object | undefined;
  /** The paths that are written as a tree. */
  private wanted: readonly RowPath[] | undefined;

  private constructor(private readonly exports: Exports) {
    const { memory, TEXT, TOLD, RUNS } = exports;
    this.base = TEXT.value;
    const pages = Math.ceil((this.base + MOST_BYTES + ZEROS) / PAGE);
    memory.grow(pages - memory.buffer.byteLength / PAGE);
    this.told = new Uint32Array(memory.buffer, TOLD.value, (this.base - TOLD.value) / 4);
    this.runTable = new Uint32Array(memory.buffer, RUNS.value, (TOLD.value - RUNS.value) / 4);
    this.room = Buffer.from(memory.buffer, this.base, MOST_BYTES);
    this.all = new Uint8Array(memory.buffer, this.base);
  }

  /** One for the whole process; `null` on a processor without the vector instructions (x64 before SSE 4.1). */
  static get(): CanonicalKernel | null {
    if (this.shared === undefined) {
      const bytes = Buffer.from(CANONICAL, 'base64');
      this.shared = WebAssembly.validate(bytes)
        ? new CanonicalKernel(new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports)
        : null;
    }
    return this.shared;
  }

  /** Whether nobody else has opened a text since. */
  isOpenFor(user: object): boolean {
    return this.user === user;
  }

  /**
   * Takes a text, which must be UTF-8, and says what is wanted of its rows. False where one of them is more than it can
   * hold.
   */
  open(user: object, text: Uint8Array, paths: readonly RowPath[]): boolean {
    this.user = undefined;
    if (text.length > MOST_BYTES) return false;
    if (this.wanted === undefined || !areSamePaths(this.wanted, paths)) {
      this.wanted = undefined;
      if (!this.want(paths)) return false;
      this.wanted = paths;
    }
    if (!this.isInRoom(text)) this.room.set(text);
    this.all.fill(0, text.length, text.length + ZEROS);
    this.length = text.length;
    this.user = user;
    return true;
  }

  /** Whether a text is where texts are opened. */
  isInRoom(text: Uint8Array): boolean {
    return text.buffer === this.room.buffer && text.byteOffset === this.room.byteOffset;
  }

  /**
   * Tells of the lines from one on, up to the first that is no canonical row, or unusual, or until there is no room.
   * Returns how many numbers of `told` are filled.
   */
  rows(at: number): number {
    return 3 * this.exports.rows(this.base + at, this.base + this.length);
  }

  /**
   * Tells of lines from one on that are alike in whether the values at the paths, 32 at the most, are true: up to the first
   * that is no canonical row, or unusual, or ends in another way than LF, or has a value there that is neither true nor
   * false nor null. Returns how many numbers of `runTable` are filled; what was `told` of is forgotten.
   */
  runs(at: number): number {
    return 4 * this.exports.runs(this.base + at, this.base + this.length);
  }

  /** How long a string is that was told of, by where what stands between its quotes begins and ends. */
  units(start: number, end: number): number {
    return this.exports.units(this.base + start, this.base + end);
  }

  /** Writes the paths as a tree. */
  private want(paths: readonly RowPath[]): boolean {
    const tree = treeOf(paths);
    const { memory, NODES, MOST_NODES, EDGES, KEY_TEXT, MOST_KEY_TEXT } = this.exports;
    if (tree.length >= MOST_NODES.value) return false;
    const nodes = new Uint32Array(memory.buffer, NODES.value, 4 * MOST_NODES.value);
    const edges = new Uint32Array(memory.buffer, EDGES.value, 3 * MOST_NODES.value);
    const keyText = Buffer.from(memory.buffer, KEY_TEXT.value, MOST_KEY_TEXT.value);
    nodes.fill(0);
    let edge = 0;
    let used = 0;
    for (const [index, { members, items, number }] of tree.entries()) {
      nodes.set([edge, members.size, items, number], 4 * (index + 1));
      for (const [key, member] of members) {
        const length = Buffer.byteLength(key);
        // A key that is no text by itself is written with an escape, and such keys are not taken.
        if (used + length > keyText.length || Buffer.from(key).toString() !== key) return false;
        keyText.write(key, used);
        edges.set([KEY_TEXT.value + used, length, member], 3 * edge++);
        used += length;
      }
    }
    return true;
  }
}

/** Whoever reads a text after the other mostly wants the same of each, but says so anew. */
function areSamePaths(some: readonly RowPath[], others: readonly RowPath[]): boolean {
  if (some === others) return true;
  return (
    some.length === others.length &&
    some.every((path, at) => {
      const other = others[at];
      return path.length === other?.length && path.every((step, index) => step === other[index]);
    })
  );
}

/** Nodes count from 1, the row. */
interface Node {
  readonly members: Map<string, number>;
  items: number;
  number: number;
}

function treeOf(paths: readonly RowPath[]): Node[] {
  const nodes: Node[] = [];
  const add = (): number => nodes.push({ members: new Map(), items: 0, number: 0 });
  add();
  for (const [index, path] of paths.entries()) {
    let node = nodes[0] as Node;
    for (const step of path) {
      let next = step === EACH ? node.items : node.members.get(step);
      if (next === undefined || next === 0) {
        next = add();
        if (step === EACH) node.items = next;
        else node.members.set(step, next);
      }
      node = nodes[next - 1] as Node;
    }
    node.number = index + 1;
  }
  return nodes;
}
