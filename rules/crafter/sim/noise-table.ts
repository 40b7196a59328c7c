import { type Gradients, NORM, addContributions } from './simplex.js';

export type Point = readonly [number, number, number];

/** Contributions a point has at most. */
const MOST_CONTRIBUTIONS = 8;

/** The noise at a list of fixed points. What does not depend on the seed is worked out when a point is first read. */
export class NoiseTable {
  /** Where a point's contributions start; -1: not worked out yet. */
  private readonly first: Int32Array;
  private readonly counts: Uint8Array;
  private vertices: Int32Array;
  /** Displacement and weight of each: four numbers. */
  private geometry: Float64Array;
  private used = 0;

  constructor(
    size: number,
    private readonly pointAt: (n: number) => Point,
  ) {
    this.first = new Int32Array(size).fill(-1);
    this.counts = new Uint8Array(size);
    this.vertices = new Int32Array(MOST_CONTRIBUTIONS);
    this.geometry = new Float64Array(4 * MOST_CONTRIBUTIONS);
  }

  /** The noise at point `n`. */
  at(gradients: Gradients, n: number): number {
    let from = this.first[n] as number;
    if (from < 0) from = this.workOut(n);
    const { vertices, geometry } = this;
    const { permutation, directionX, directionY, directionZ } = gradients;
    const end = from + (this.counts[n] as number);
    let value = 0;
    // The same as `Gradients.contribution`, written out: most of the time of a reset is spent here.
    for (let v = from, g = 4 * from; v < end; v++, g += 4) {
      const vertex = vertices[v] as number;
      const second = permutation[((permutation[vertex & 255] as number) + (vertex >>> 8)) & 255] as number;
      const third = (second + (vertex >>> 16)) & 255;
      value +=
        (geometry[g + 3] as number) *
        ((directionX[third] as number) * (geometry[g] as number) +
          (directionY[third] as number) * (geometry[g + 1] as number) +
          (directionZ[third] as number) * (geometry[g + 2] as number));
    }
    return value / NORM;
  }

  private workOut(n: number): number {
    if (this.used + MOST_CONTRIBUTIONS > this.vertices.length) this.grow();
    const from = this.used;
    const { vertices, geometry } = this;
    addContributions(...this.pointAt(n), (vertex, dx, dy, dz, weight) => {
      const at = this.used++;
      vertices[at] = vertex;
      geometry[4 * at] = dx;
      geometry[4 * at + 1] = dy;
      geometry[4 * at + 2] = dz;
      geometry[4 * at + 3] = weight;
    });
    this.first[n] = from;
    this.counts[n] = this.used - from;
    return from;
  }

  private grow(): void {
    const { vertices, geometry } = this;
    this.vertices = new Int32Array(2 * vertices.length);
    this.vertices.set(vertices);
    this.geometry = new Float64Array(2 * geometry.length);
    this.geometry.set(geometry);
  }
}
