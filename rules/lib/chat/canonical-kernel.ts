import { type MemberTold, UNUSUAL } from './json-bytes.js';
import { CANONICAL } from './wasm/compiled.js';

// Neither of the type libraries in use has it.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
  validate(bytes: Uint8Array): boolean;
};

/** What `wasm/canonical.as` exports; the comments there say what each does. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly MEMBERS: { readonly value: number };
  readonly TEXT: { readonly value: number };
  object(at: number): number;
  members(): number;
}

const PAGE = 65536;
/** Longer text is left to who asks: the memory is never given back. */
const MOST_BYTES = 4 << 20;
/** Behind the text. */
const ZEROS = 16;

/** Walks as `JsonBytes.canonical` does, over objects alone, and many times as fast. */
export class CanonicalKernel {
  private static shared: CanonicalKernel | null | undefined;
  private readonly text: Uint8Array;
  private readonly found: Uint32Array;
  private readonly base: number;
  private opened: Uint8Array | undefined;

  private constructor(private readonly exports: Exports) {
    const { memory, MEMBERS, TEXT } = exports;
    this.base = TEXT.value;
    const pages = Math.ceil((this.base + MOST_BYTES + ZEROS) / PAGE);
    memory.grow(pages - memory.buffer.byteLength / PAGE);
    this.text = new Uint8Array(memory.buffer, this.base);
    this.found = new Uint32Array(memory.buffer, MEMBERS.value);
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

  /**
   * Begins with other text, which must be UTF-8, unless it is the one at hand: readers may take turns, but must not change
   * what they read. False for what is too long.
   */
  open(text: Uint8Array): boolean {
    if (text.length > MOST_BYTES) return false;
    if (text === this.opened) return true;
    this.text.set(text);
    this.text.fill(0, text.length, text.length + ZEROS);
    this.opened = text;
    return true;
  }

  /** @throws Unusual for what is not canonical, and for some objects that are. */
  canonical(at: number, member: MemberTold): number {
    const { exports, base, found } = this;
    const end = exports.object(base + at);
    if (end === 0) throw UNUSUAL;
    const count = 4 * exports.members();
    for (let i = 0; i < count; i += 4) {
      const [key, value, after] = [found[i] as number, found[i + 2] as number, found[i + 3] as number];
      member(key - base, (found[i + 1] as number) - base, value - base, after - base);
    }
    return end - base;
  }
}
