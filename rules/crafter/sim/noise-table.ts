import { GRADIENTS, addContributions } from './simplex.js';
import { NOISE } from './wasm/compiled.js';
import { instantiate } from './wasm/instantiate.js';

export type Point = readonly [number, number, number];

/** Contributions a point has at most. */
const MOST_CONTRIBUTIONS = 8;
const CONTRIBUTION_BYTES = 40;
const PAGE = 65536;

/** What `wasm/noise.as` exports; the comments there say what each does. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly CHOICES: { readonly value: number };
  readonly FREE: { readonly value: number };
  seed(seed: bigint, vertices: number): void;
  useLists(verticesAt: number, gradientsAt: number): void;
  findGradients(from: number, end: number): void;
  noise(at: number, count: number): number;
  noises(starts: number, counts: number, points: number, out: number): void;
}

/** Bytes of a vertex and of where its gradient is. */
const VERTEX_BYTES = 4;
const GRADIENT_BYTES = 2;

/**
 * Holds what noise tables know of their points, and the gradients of the seed at hand: kernels sum them up. Memory is
 * given out upwards and never returned, but for the whole.
 */
export class NoiseMemory {
  readonly kernels = instantiate(NOISE) as Exports;
  private used = this.kernels.FREE.value;
  private view = new DataView(this.kernels.memory.buffer);
  /** The number of each lattice vertex that a point needs. */
  private readonly vertices = new Map<number, number>();
  private roomForVertices = 0;
  private verticesAt = 0;

  get buffer(): ArrayBuffer {
    return this.kernels.memory.buffer;
  }

  constructor() {
    new Float64Array(this.buffer, this.kernels.CHOICES.value, 3 * GRADIENTS.length).set(GRADIENTS.flat());
  }

  /** From now on tables have the noise of this seed, a signed 64-bit integer. */
  seed(seed: bigint): void {
    this.kernels.seed(seed, this.vertices.size);
  }

  /** The start of so many bytes. Views from before may not reach the memory any more. */
  take(bytes: number): number {
    const start = this.used;
    this.used += Math.ceil(bytes / 8) * 8;
    const { memory } = this.kernels;
    const missing = this.used - memory.buffer.byteLength;
    if (missing > 0) {
      // A quarter more, so that growing is seldom.
      memory.grow(Math.ceil((missing + this.used / 4) / PAGE));
      this.view = new DataView(memory.buffer);
    }
    return start;
  }

  /** Works out the contributions to a point and writes them one after another. */
  add([x, y, z]: Point): { readonly start: number; readonly count: number } {
    if (this.vertices.size + MOST_CONTRIBUTIONS > this.roomForVertices) this.moveVertices();
    const start = this.take(MOST_CONTRIBUTIONS * CONTRIBUTION_BYTES);
    const { view } = this;
    let at = start;
    addContributions(x, y, z, (vertex, dx, dy, dz, weight) => {
      view.setFloat64(at, dx, true);
      view.setFloat64(at + 8, dy, true);
      view.setFloat64(at + 16, dz, true);
      view.setFloat64(at + 24, weight, true);
      view.setUint32(at + 32, this.numberOf(vertex), true);
      at += CONTRIBUTION_BYTES;
    });
    this.used = at;
    return { start, count: (at - start) / CONTRIBUTION_BYTES };
  }

  private numberOf(vertex: number): number {
    const known = this.vertices.get(vertex);
    if (known !== undefined) return known;
    const number = this.vertices.size;
    this.vertices.set(vertex, number);
    this.view.setUint32(this.verticesAt + VERTEX_BYTES * number, vertex, true);
    this.kernels.findGradients(number, number + 1);
    return number;
  }

  /** Gives the lists of vertices and gradients twice the room they had. */
  private moveVertices(): void {
    this.roomForVertices = Math.max(4096, 2 * this.roomForVertices);
    this.verticesAt = this.take(VERTEX_BYTES * this.roomForVertices);
    this.kernels.useLists(this.verticesAt, this.take(GRADIENT_BYTES * this.roomForVertices));
    for (const [vertex, number] of this.vertices)
      this.view.setUint32(this.verticesAt + VERTEX_BYTES * number, vertex, true);
    this.kernels.findGradients(0, this.vertices.size);
  }
}

/** The noise at some of many points. What does not depend on the seed is worked out when a point is first read. */
export class NoiseTable {
  /** Where a point's contributions start; 0: not worked out yet. */
  private readonly starts: Uint32Array;
  private readonly counts: Uint8Array;

  constructor(
    private readonly memory: NoiseMemory,
    points: number,
    private readonly pointAt: (n: number) => Point,
  ) {
    this.starts = new Uint32Array(points);
    this.counts = new Uint8Array(points);
  }

  /** The noise at point `n`. */
  at(n: number): number {
    const start = this.starts[n] as number;
    return this.memory.kernels.noise(start === 0 ? this.workOut(n) : start, this.counts[n] as number);
  }

  private workOut(n: number): number {
    const { start, count } = this.memory.add(this.pointAt(n));
    this.starts[n] = start;
    this.counts[n] = count;
    return start;
  }
}

/** The noise at all of many points, worked out at once for a seed. */
export class FullNoiseTable {
  // Where in memory the points' starts, their counts and their values are.
  private readonly starts: number;
  private readonly counts: number;
  private readonly out: number;
  private readonly values: Float64Array;

  constructor(
    private readonly memory: NoiseMemory,
    points: number,
    pointAt: (n: number) => Point,
  ) {
    this.starts = memory.take(4 * points);
    this.counts = memory.take(points);
    this.out = memory.take(8 * points);
    this.values = new Float64Array(points);
    const added = Array.from(this.values, (_, n) => memory.add(pointAt(n)));
    new Uint32Array(memory.buffer, this.starts, points).set(added.map(({ start }) => start));
    new Uint8Array(memory.buffer, this.counts, points).set(added.map(({ count }) => count));
  }

  /** Works out the values for the memory's seed. */
  fill(): void {
    const { kernels, buffer } = this.memory;
    kernels.noises(this.starts, this.counts, this.values.length, this.out);
    this.values.set(new Float64Array(buffer, this.out, this.values.length));
  }

  /** The noise at point `n`, as filled last. */
  at(n: number): number {
    return this.values[n] as number;
  }
}
