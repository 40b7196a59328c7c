import type { Slice } from '../artifacts/kind.js';
import { openSlice, type OpenedSlice, type Readings } from '../artifacts/handles.js';

/** The slices of a part, open for its rule until `close`. */
export class OpenedSlices {
  readonly handles: Readonly<Record<string, OpenedSlice['handle']>>;
  readonly #opened: OpenedSlice[] = [];

  /** @param readings the connections of databases that the part shares with others */
  constructor(slices: Readonly<Record<string, Slice>>, readings: Readings) {
    const handles: Record<string, OpenedSlice['handle']> = {};
    for (const [name, slice] of Object.entries(slices)) {
      const opened = openSlice(slice, readings);
      this.#opened.push(opened);
      handles[name] = opened.handle;
    }
    this.handles = handles;
  }

  /** Once the rule has read them. @throws where one was read with another digest than was listed. */
  verify(): void {
    for (const slice of this.#opened) slice.verify();
  }

  close(): void {
    for (const slice of this.#opened) slice.close();
  }
}
