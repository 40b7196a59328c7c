/**
 * OpenSimplex noise in three dimensions (Kurt Spencer, 2014), bit for bit that of the Python package `opensimplex`.
 *
 * A value is a sum of contributions of lattice vertices near the point. Which vertices, how far away and with what
 * weight depends on the point alone; the seed decides only their gradients. So geometry ({@link addContributions})
 * and gradients ({@link Gradients}) are kept apart, and the geometry of fixed points is worked out once
 * (`noise-table.ts`).
 *
 * At lattice points the value is mathematically zero, and world generation asks for the sign of what rounding leaves
 * there (about 1e-66). Hence the order of every operation matters, and no sum may be rearranged.
 */

const STRETCH = -1 / 6;
const SQUISH = 1 / 3;
const NORM = 103;

// prettier-ignore
export const GRADIENTS: readonly (readonly [number, number, number])[] = [
  [-11, 4, 4], [-4, 11, 4], [-4, 4, 11], [11, 4, 4], [4, 11, 4], [4, 4, 11],
  [-11, -4, 4], [-4, -11, 4], [-4, -4, 11], [11, -4, 4], [4, -11, 4], [4, -4, 11],
  [-11, 4, -4], [-4, 11, -4], [-4, 4, -11], [11, 4, -4], [4, 11, -4], [4, 4, -11],
  [-11, -4, -4], [-4, -11, -4], [-4, -4, -11], [11, -4, -4], [4, -11, -4], [4, -4, -11],
];

/** The lattice's gradients: a permutation of 0..255 shuffled by the seed. */
export class Gradients {
  readonly permutation = new Uint8Array(256);
  /** The gradient that belongs to each value of the permutation's last look-up, three numbers each. */
  readonly directions = new Float64Array(3 * 256);

  /** @param seed a signed 64-bit integer. */
  constructor(seed: bigint) {
    const advance = (state: bigint) => BigInt.asIntN(64, state * 6364136223846793005n + 1442695040888963407n);
    let state = advance(advance(advance(seed)));
    const source = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (let i = 255; i >= 0; i--) {
      state = advance(state);
      const size = BigInt(i + 1);
      const pick = Number((((state + 31n) % size) + size) % size);
      const chosen = source[pick] as number;
      source[pick] = source[i] as number;
      this.permutation[i] = chosen;
      this.directions.set(GRADIENTS[chosen % 24] as readonly number[], 3 * i);
    }
  }

  /** The contribution of the vertex packed by {@link packVertex}, at displacement (dx, dy, dz), with its weight. */
  contribution(vertex: number, dx: number, dy: number, dz: number, weight: number): number {
    const first = this.permutation[vertex & 255] as number;
    const second = this.permutation[(first + (vertex >>> 8)) & 255] as number;
    const at = 3 * ((second + (vertex >>> 16)) & 255);
    const gx = this.directions[at] as number;
    const gy = this.directions[at + 1] as number;
    const gz = this.directions[at + 2] as number;
    return weight * (gx * dx + gy * dy + gz * dz);
  }
}

const packVertex = (x: number, y: number, z: number): number => (x & 255) | ((y & 255) << 8) | ((z & 255) << 16);

/** Takes the vertices that contribute to a point, in order. */
type Sink = (vertex: number, dx: number, dy: number, dz: number, weight: number) => void;

/** A vertex relative to the base cell. */
type Vertex = readonly [number, number, number];

// prettier-ignore
const REGION_A: readonly Vertex[] = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]];
// prettier-ignore
const REGION_B: readonly Vertex[] = [[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]];
// prettier-ignore
const REGION_C: readonly Vertex[] = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]];

// The two extra vertices of a region, by the set of axes (x = 1, y = 2, z = 4) that the point is nearest to.
type Pairs = Readonly<Record<number, readonly [Vertex, Vertex]>>;
// prettier-ignore
const A_OUTSIDE: Pairs = {
  1: [[1, -1, 0], [1, 0, -1]],
  2: [[-1, 1, 0], [0, 1, -1]],
  4: [[-1, 0, 1], [0, -1, 1]],
};
// prettier-ignore
const A_INSIDE: Pairs = {
  3: [[1, 1, 0], [1, 1, -1]],
  5: [[1, 0, 1], [1, -1, 1]],
  6: [[0, 1, 1], [-1, 1, 1]],
};
// prettier-ignore
const B_OUTSIDE: Pairs = {
  6: [[0, 2, 1], [0, 1, 2]],
  5: [[2, 0, 1], [1, 0, 2]],
  3: [[2, 1, 0], [1, 2, 0]],
};
// prettier-ignore
const B_INSIDE: Pairs = {
  1: [[1, 0, 0], [2, 0, 0]],
  2: [[0, 1, 0], [0, 2, 0]],
  4: [[0, 0, 1], [0, 0, 2]],
};
const TWICE = { 1: [2, 0, 0], 2: [0, 2, 0], 4: [0, 0, 2] } as const;
const OPPOSITE = { 1: [-1, 1, 1], 2: [1, -1, 1], 4: [1, 1, -1] } as const;

const lowestAxis = (axes: number): 1 | 2 | 4 => ((axes & 1) !== 0 ? 1 : (axes & 2) !== 0 ? 2 : 4);

/**
 * How a displacement along an axis with component 2 is rounded: the reference computes some of them in another order.
 */
type Rounding = 'plain' | 'one by one' | 'squish first';

/** Gives `sink` the vertices that contribute to the noise at (x, y, z), in the order in which they are summed. */
export function addContributions(x: number, y: number, z: number, sink: Sink): void {
  const t = (x + y + z) * STRETCH;
  const xs = x + t;
  const ys = y + t;
  const zs = z + t;
  const baseX = Math.floor(xs);
  const baseY = Math.floor(ys);
  const baseZ = Math.floor(zs);
  const q = (baseX + baseY + baseZ) * SQUISH;
  const dx0 = x - (baseX + q);
  const dy0 = y - (baseY + q);
  const dz0 = z - (baseZ + q);
  const fx = xs - baseX;
  const fy = ys - baseY;
  const fz = zs - baseZ;
  const sum = fx + fy + fz;

  const displace = (offset: number, component: number, squish: number, rounding: Rounding): number => {
    if (component === 2 && rounding === 'one by one') return offset - 1 - 1 - 1;
    if (component === 2 && rounding === 'squish first') return offset - squish - 2;
    return offset - component - squish;
  };
  const add = ([i, j, k]: Vertex, rounding: Rounding = 'plain'): void => {
    const squish = (i + j + k) * SQUISH;
    const dx = displace(dx0, i, squish, rounding === 'one by one' ? 'plain' : rounding);
    const dy = displace(dy0, j, squish, rounding);
    const dz = displace(dz0, k, squish, rounding === 'one by one' ? 'plain' : rounding);
    const reach = 2 - dx * dx - dy * dy - dz * dz;
    if (reach <= 0) return;
    const square = reach * reach;
    sink(packVertex(baseX + i, baseY + j, baseZ + k), dx, dy, dz, square * square);
  };
  const addPair = (pairs: Pairs, axes: number, rounding?: Rounding): void => {
    for (const vertex of pairs[axes] ?? []) add(vertex, rounding);
  };

  if (sum <= 1) {
    for (const vertex of REGION_A) add(vertex);
    let [a, aScore, b, bScore] = [1, fx, 2, fy];
    if (aScore >= bScore && fz > bScore) [b, bScore] = [4, fz];
    else if (aScore < bScore && fz > aScore) [a, aScore] = [4, fz];
    const rest = 1 - sum;
    if (rest > aScore || rest > bScore) addPair(A_OUTSIDE, bScore > aScore ? b : a);
    else addPair(A_INSIDE, a | b);
  } else if (sum >= 2) {
    for (const vertex of REGION_B) add(vertex);
    let [a, aScore, b, bScore] = [6, fx, 5, fy];
    if (aScore <= bScore && fz < bScore) [b, bScore] = [3, fz];
    else if (aScore > bScore && fz < aScore) [a, aScore] = [3, fz];
    const rest = 3 - sum;
    if (rest < aScore || rest < bScore) addPair(B_OUTSIDE, bScore < aScore ? b : a, 'one by one');
    else addPair(B_INSIDE, a & b);
  } else {
    for (const vertex of REGION_C) add(vertex);
    const face = (p: number, farPoint: number, nearPoint: number) =>
      p > 1 ? { score: p - 1, point: farPoint, far: true } : { score: 1 - p, point: nearPoint, far: false };
    let a = face(fx + fy, 3, 4);
    let b = face(fx + fz, 5, 2);
    const challenger = face(fy + fz, 6, 1);
    // Only point and side are replaced; the scores are not looked at again.
    if (a.score <= b.score && a.score < challenger.score) a = challenger;
    else if (a.score > b.score && b.score < challenger.score) b = challenger;
    if (a.far && b.far) {
      add([1, 1, 1]);
      add(TWICE[lowestAxis(a.point & b.point)]);
    } else if (!a.far && !b.far) {
      add([0, 0, 0]);
      add(OPPOSITE[lowestAxis(~(a.point | b.point))]);
    } else {
      const [far, near] = a.far ? [a, b] : [b, a];
      add(OPPOSITE[lowestAxis(~far.point)]);
      add(TWICE[lowestAxis(near.point)], 'squish first');
    }
  }
}

/** The noise at (x, y, z), roughly between -1 and 1. */
export function noise(gradients: Gradients, x: number, y: number, z: number): number {
  let value = 0;
  addContributions(x, y, z, (vertex, dx, dy, dz, weight) => {
    value += gradients.contribution(vertex, dx, dy, dz, weight);
  });
  return value / NORM;
}
