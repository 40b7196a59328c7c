import { PICTURES } from './compiled.js';
import { instantiate, isSupported } from './instantiate.js';

/** What `pictures.as` exports; the comments there say what each does. Addresses and sizes are in bytes. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly KEY: { readonly value: number };
  readonly CELLS: { readonly value: number };
  lay(width: number, left: number, columns: number, rows: number, unitX: number, unitY: number): number;
  vignetteStart(): number;
  stripStart(): number;
  sizeOfTile(): number;
  sizeOfTilePlane(): number;
  renew(times: number): void;
  draw(picture: number, daylight: number, sleeping: boolean): void;
  drawNoisy(index: number, daylight: number, sleeping: boolean): number;
}

const PAGE = 65536;

/** The kernels of `pictures.as` and their memory: one for the whole process, made when it is first needed. */
export class Pictures {
  private static shared: Pictures | null | undefined;
  readonly exports = instantiate(PICTURES) as Exports;
  /** The words of a generator, while a kernel draws from it. Replaced when the memory grows. */
  key: Int32Array;
  private constructor() {
    this.key = this.viewOfKey();
  }

  /** `null` on a processor without the vector instructions they need (x64 before SSE 4.1). */
  static get(): Pictures | null {
    if (this.shared === undefined) this.shared = isSupported(PICTURES) ? new Pictures() : null;
    return this.shared;
  }

  private viewOfKey(): Int32Array {
    return new Int32Array(this.exports.memory.buffer, this.exports.KEY.value, 624);
  }

  /** Sees to it that there are so many bytes. Views of the memory from before do not reach it any more. */
  ensure(bytes: number): void {
    const { memory } = this.exports;
    const missing = bytes - memory.buffer.byteLength;
    if (missing <= 0) return;
    memory.grow(Math.ceil(missing / PAGE));
    this.key = this.viewOfKey();
  }
}
