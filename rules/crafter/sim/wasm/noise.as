/**
 * Sums the contributions to noise: `noise` of `../simplex.ts` where the geometry is worked out already. AssemblyScript,
 * compiled by `scripts/kernels.mjs`.
 *
 * A contribution takes 40 bytes: displacement (three doubles), weight, and the number of its lattice vertex. Vertices
 * have a list of their own, for points share them: four bytes each, of which three are the coordinates. Beside it is the
 * list of their gradients' addresses, two bytes each, for the seed at hand.
 */

/** The lattice's permutation, 256 bytes. */
export const PERMUTATION: usize = 1024;
/** What is not yet in the permutation, while it is shuffled. */
const SOURCE: usize = 1856;
/** The gradient at each value of the last look-up, three doubles each. */
const DIRECTIONS: usize = 2112;
/** The 24 gradients there are, three doubles each: the caller's to write. */
export const CHOICES: usize = 1280;
/** From here on memory is the caller's. */
export const FREE: usize = 8256;

const CONTRIBUTION: usize = 40;
const NORM: f64 = 103;

let vertices: usize = 0;
let gradients: usize = 0;

/** Says where the lists are. */
export function useLists(verticesAt: usize, gradientsAt: usize): void {
  vertices = verticesAt;
  gradients = gradientsAt;
}

/** Shuffles the permutation by a seed, as `Gradients` does, and finds the gradients of `count` vertices. */
export function seed(start: i64, count: usize): void {
  let state = advanced(advanced(advanced(start)));
  for (let i = 0; i < 256; i++) store<u8>(SOURCE + i, i as u8);
  for (let i = 255; i >= 0; i--) {
    state = advanced(state);
    const size = (i + 1) as i64;
    // (state + 31) mod size, but the sum might not fit.
    const pick = ((((state % size) + 31) % size) + size) % size;
    const chosen = load<u8>(SOURCE + (pick as usize));
    store<u8>(SOURCE + (pick as usize), load<u8>(SOURCE + i));
    store<u8>(PERMUTATION + i, chosen);
    memory.copy(DIRECTIONS + 24 * i, CHOICES + 24 * ((chosen as usize) % 24), 24);
  }
  findGradients(0, count);
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function advanced(state: i64): i64 {
  return state * 6364136223846793005 + 1442695040888963407;
}

/** Finds the gradients of vertices number `from` up to but without `end`. */
export function findGradients(from: usize, end: usize): void {
  for (let i = from; i < end; i++) {
    const vertex = load<u32>(vertices + 4 * i);
    const first = load<u8>(PERMUTATION + (vertex & 255)) as usize;
    const second = load<u8>(PERMUTATION + ((first + (vertex >> 8)) & 255)) as usize;
    store<u16>(gradients + 2 * i, (DIRECTIONS + 24 * ((second + (vertex >> 16)) & 255)) as u16);
  }
}

/** The noise of `count` contributions from `at` on. */
// @ts-ignore
@inline
function sum(at: usize, count: i32, gradients: usize): f64 {
  let value: f64 = 0;
  for (; count > 0; count--, at += CONTRIBUTION) {
    const gradient = load<u16>(gradients + 2 * (load<u32>(at, 32) as usize)) as usize;
    value +=
      load<f64>(at, 24) *
      (load<f64>(gradient) * load<f64>(at) +
        load<f64>(gradient, 8) * load<f64>(at, 8) +
        load<f64>(gradient, 16) * load<f64>(at, 16));
  }
  return value / NORM;
}

export function noise(at: usize, count: i32): f64 {
  return sum(at, count, gradients);
}

/** The noise of `points` points, whose contributions start at `starts` (four bytes each), `counts` (one byte) of them. */
export function noises(starts: usize, counts: usize, points: i32, out: usize): void {
  const lattice = gradients;
  for (let point: usize = 0; point < (points as usize); point++)
    store<f64>(
      out + 8 * point,
      sum(load<u32>(starts + 4 * point) as usize, load<u8>(counts + point) as i32, lattice),
    );
}
