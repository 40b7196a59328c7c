/**
 * The seed of an episode's random numbers: Python's hash of the pair (seed, episode), reduced modulo 2^31 - 1.
 * Python hashes tuples of integers with a variant of xxHash64 (CPython 3.8 and later, `Objects/tupleobject.c`).
 */

const PRIME_1 = 11400714785074694791n;
const PRIME_2 = 14029467366897019727n;
const PRIME_5 = 2870177450012600261n;
const HASH_MODULUS = (1n << 61n) - 1n;
const SEED_MODULUS = (1n << 31n) - 1n;

const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);

/** Python's hash of an integer, as an unsigned lane. */
function integerHash(value: bigint): bigint {
  const magnitude = (value < 0n ? -value : value) % HASH_MODULUS;
  const hash = value < 0n ? -magnitude : magnitude;
  return unsigned(hash === -1n ? -2n : hash);
}

/** Python's hash of a pair of integers, as a signed 64-bit integer. */
export function pairHash(first: bigint, second: bigint): bigint {
  let sum = PRIME_5;
  for (const lane of [integerHash(first), integerHash(second)]) {
    sum = unsigned(sum + lane * PRIME_2);
    sum = unsigned((sum << 31n) | (sum >> 33n));
    sum = unsigned(sum * PRIME_1);
  }
  sum = unsigned(sum + (2n ^ (PRIME_5 ^ 3527539n)));
  return sum === unsigned(-1n) ? 1546275796n : BigInt.asIntN(64, sum);
}

/** The seed of an episode's generator, `0 <= seed < 2^31 - 1`. Episodes count from 1. */
export function episodeSeed(seed: number | bigint, episode: number): number {
  const remainder = pairHash(BigInt(seed), BigInt(episode)) % SEED_MODULUS;
  return Number(remainder < 0n ? remainder + SEED_MODULUS : remainder);
}
