import type { Digest } from '../base/digest.js';
import { Pack, type Packed } from './pack.js';
import type { ObjectRef, ObjectStore } from './objects.js';

/** Bytes that are in the store at the latest once it was asked where. */
export interface LateObject {
  readonly sha256: Digest;
  /** Where they are. @throws the file system's errors; may be asked again then */
  readonly ref: () => ObjectRef;
}

/** What was added until the pack was sealed. */
interface Load {
  place?: (packed: Packed) => ObjectRef;
}

/**
 * A pack of those that do not know of each other: it is sealed when the first of them must know where its bytes are, and
 * begun anew by the next one that adds some.
 */
export class LatePack {
  readonly #pack: Pack;
  #load: Load = {};

  constructor(objects: ObjectStore) {
    this.#pack = new Pack(objects);
  }

  add(data: Uint8Array): LateObject {
    const load = this.#load;
    const packed = this.#pack.add(data);
    return { sha256: packed.sha256, ref: () => (load.place ?? this.#seal(load))(packed) };
  }

  /** Where that fails, what was added stays so. */
  #seal(load: Load): (packed: Packed) => ObjectRef {
    const place = this.#pack.seal();
    load.place = place;
    this.#load = {};
    return place;
  }
}
