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

const slices = new WeakMap<object, Slice>();

/** Notes what must cross to another process for a handle that a rule was given. */
export function registerSlice<T extends object>(handle: T, slice: Slice): T {
  slices.set(handle, slice);
  return handle;
}

/** What must cross to another process for `openSlice` there. @throws TypeError for what is no slice handle. */
export function sliceOf(handle: object): Slice {
  const slice = slices.get(handle);
  if (slice === undefined) throw new TypeError('not a slice: parts take what `blocks`, `entries` and `slice` give');
  return slice;
}
