import type { Slice } from './kind.js';

/** Thrown where a slice, when read, is not what was listed: the part must be listed again. */
export class SliceChanged extends Error {
  constructor(
    /** What changed, for people: a path, or a path and lines. */
    readonly slice: string,
  ) {
    super(`${slice} changed while it was read`);
    this.name = 'SliceChanged';
  }
}

/** Remembers that a slice was found changed, so that a rule which catches errors does not hide it. */
export class ChangeWitness {
  #seen: SliceChanged | undefined;

  /** The error to throw. */
  changed(slice: string): SliceChanged {
    return (this.#seen ??= new SliceChanged(slice));
  }

  /** @throws SliceChanged */
  verify(): void {
    if (this.#seen !== undefined) throw this.#seen;
  }
}

/** Passes an object on as `this`, so that a class derived from it adds its private field to an object that is there. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- what it is for is what its constructor returns
class Given {
  constructor(handle: object) {
    return handle;
  }
}

/**
 * What must cross to another process for a handle, in a private field of it: rules cannot see it, and a copy of the handle
 * has none. A WeakMap would do the same, but of 10,000 handles each collection of young objects walks its whole table:
 * listing took a third longer.
 */
class Registered extends Given {
  readonly #slice: Slice;

  constructor(handle: object, slice: Slice) {
    super(handle);
    this.#slice = slice;
  }

  static sliceOf(handle: object): Slice | undefined {
    return #slice in handle ? handle.#slice : undefined;
  }
}

/** Notes what must cross to another process for a handle that a rule was given. */
export function registerSlice<T extends object>(handle: T, slice: Slice): T {
  new Registered(handle, slice);
  return handle;
}

/** What `openSlice` needs: in another process, its values. @throws TypeError for what is no slice handle. */
export function sliceOf(handle: unknown): Slice {
  const slice = typeof handle === 'object' && handle !== null ? Registered.sliceOf(handle) : undefined;
  if (slice === undefined) throw new TypeError('not a slice: parts take what `blocks`, `entries` and `slice` give');
  return slice;
}

/** A slice as it crosses to another process: what a class gives when it is asked is among its values. */
export function sliceValues(slice: Slice): Slice {
  return slice.kind === 'sqlite' ? { ...slice, digest: slice.digest, results: slice.results } : slice;
}
