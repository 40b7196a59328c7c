import { stringEnd } from './canonical-walk.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** A table is made twice as large when it is so full. */
const FULL = 0.75;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The keys of an object, by where they stand in JSON: four bytes a slot, where a `Map` of texts has a hundred and holds 16
 * million of them at the most. Open addressing with linear probing, as in `DigestSet`.
 */
export class KeyTable {
  /** Where keys stand, behind their quotes; 0 for none. */
  #slots = new Uint32Array(64);
  #size = 0;

  constructor(private readonly json: Buffer) {}

  get slots(): number {
    return this.#slots.length;
  }

  /** Adds the key that begins with a quote at an index. False where it was there. */
  add(key: number): boolean {
    const slot = this.slotOf(key);
    if (this.#slots[slot] !== 0) return false;
    this.#slots[slot] = key + 1;
    if (++this.#size > FULL * this.#slots.length) this.#grow();
    return true;
  }

  /** The slot of a key, or where it would be. The same until one is added. */
  slotOf(key: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashOf(this.json, key) & mask;
    while (slots[slot] !== 0 && !isSameKey(this.json, (slots[slot] as number) - 1, key)) slot = (slot + 1) & mask;
    return slot;
  }

  /** The first key that was added of those that are the same. */
  first(slot: number): number {
    return (this.#slots[slot] as number) - 1;
  }

  #grow(): void {
    const before = this.#slots;
    const slots = (this.#slots = new Uint32Array(2 * before.length));
    const mask = slots.length - 1;
    for (const place of before) {
      if (place === 0) continue;
      let slot = hashOf(this.json, place - 1) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = place;
    }
  }
}

/** Whether two keys, each from its quote on, are the same text: one may have escapes where the other has characters. */
export function isSameKey(json: Buffer, one: number, other: number): boolean {
  for (let i = 1; ; i++) {
    const byte = json[one + i];
    const otherByte = json[other + i];
    if (byte === BACKSLASH || otherByte === BACKSLASH) {
      if (byte === QUOTE || otherByte === QUOTE) return false;
      return decodedKey(json, one) === decodedKey(json, other);
    }
    if (byte !== otherByte) return false;
    if (byte === QUOTE) return true;
  }
}

/** FNV-1a of the text: of keys that are the same it is the same. http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(json: Buffer, key: number): number {
  let hash = FNV_OFFSET;
  for (let at = key + 1; ; at++) {
    const byte = json[at] as number;
    if (byte === QUOTE) return mixed(hash);
    if (byte === BACKSLASH) break;
    hash = Math.imul(hash ^ byte, FNV_PRIME);
  }
  hash = FNV_OFFSET;
  for (const byte of Buffer.from(decodedKey(json, key))) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return mixed(hash);
}

/** The lowest bits choose a slot, and of keys that are alike all should tell: the end of MurmurHash3. */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

function decodedKey(json: Buffer, key: number): string {
  return JSON.parse(json.toString('utf8', key, stringEnd(json, key))) as string;
}
