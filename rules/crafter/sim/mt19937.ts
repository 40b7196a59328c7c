/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998) with the one-word initialisation, and the two
 * distributions the game uses, bit for bit those of NumPy's `RandomState`: 53-bit doubles and masked integers.
 *
 * Indices below are in range by construction, hence the `as number` where the compiler cannot know it.
 */

import { Pictures } from './wasm/pictures.js';

const N = 624;
const M = 397;

/** What a generator needs to go on exactly where it was. */
export interface TwisterState {
  readonly key: Int32Array;
  readonly index: number;
}

/** The untempered word that follows the twist of `upper`'s highest bit and `lower`'s other 31. */
function twist(upper: number, lower: number): number {
  const y = (upper & 0x80000000) | (lower & 0x7fffffff);
  return (y >>> 1) ^ (-(y & 1) & 0x9908b0df);
}

function temper(word: number): number {
  let y = word;
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >>> 18);
}

export class MersenneTwister {
  private readonly key = new Int32Array(N);
  /** The next word of `key` to give out; 624 when all are used up. */
  private index = N;

  /** @param seed an integer, `0 <= seed < 2^32`. */
  constructor(seed: number) {
    const { key } = this;
    key[0] = seed;
    for (let i = 1; i < N; i++) {
      const previous = key[i - 1] as number;
      key[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  private refill(): void {
    const { key } = this;
    let i = 0;
    let current = key[0] as number;
    for (; i < N - M; i++) {
      const next = key[i + 1] as number;
      key[i] = (key[i + M] as number) ^ twist(current, next);
      current = next;
    }
    for (; i < N - 1; i++) {
      const next = key[i + 1] as number;
      key[i] = (key[i + M - N] as number) ^ twist(current, next);
      current = next;
    }
    key[N - 1] = (key[M - 1] as number) ^ twist(current, key[0] as number);
    this.index = 0;
  }

  /** The next 32 bits as a signed integer. */
  private next(): number {
    if (this.index === N) this.refill();
    return temper(this.key[this.index++] as number);
  }

  /** The next 32-bit word, `0 <= word < 2^32`. */
  word(): number {
    return this.next() >>> 0;
  }

  /** The word that {@link word} would give, without taking it. */
  peek(): number {
    if (this.index === N) this.refill();
    return temper(this.key[this.index] as number) >>> 0;
  }

  /** A double, `0 <= u < 1`. Takes two words. */
  uniform(): number {
    const a = this.next() >>> 5;
    const b = this.next() >>> 6;
    return (a * 67108864 + b) * 2 ** -53;
  }

  /** A double between `low` and `high`. Takes two words. */
  uniformBetween(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** An integer, `low <= value < high`. Takes a word an attempt, none where there is no choice. */
  integer(low: number, high: number): number {
    const range = high - low - 1;
    if (range === 0) return low;
    const mask = 0xffffffff >>> Math.clz32(range);
    for (;;) {
      const value = (this.next() & mask) >>> 0;
      if (value <= range) return low + value;
    }
  }

  /** Advances as if `words` words had been taken. */
  skip(words: number): void {
    const end = this.index + words;
    const renewals = Math.max(0, Math.ceil(end / N) - 1);
    const kernels = renewals > 0 ? Pictures.get() : null;
    if (kernels === null) for (let i = 0; i < renewals; i++) this.refill();
    else {
      kernels.key.set(this.key);
      kernels.exports.renew(renewals);
      this.key.set(kernels.key);
    }
    this.index = end - renewals * N;
  }

  /**
   * Lets a kernel draw: it finds the words in `key`, is told which is the next one, and returns which is the next one
   * then.
   */
  lend(key: Int32Array, draw: (index: number) => number): void {
    key.set(this.key);
    this.index = draw(this.index);
    this.key.set(key);
  }

  snapshot(): TwisterState {
    return { key: this.key.slice(), index: this.index };
  }

  restore(state: TwisterState): void {
    this.key.set(state.key);
    this.index = state.index;
  }
}
