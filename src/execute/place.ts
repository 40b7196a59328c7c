import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where one target at a time does its work, below the stage: a folder for each output, and one for all else. They are
 * cleared and used again: making and removing folders for each target costs more than a small command.
 */
export class Place {
  readonly #outputs = new Set<string>();

  /** @param folder for all else: nothing is at that path until somebody makes it */
  constructor(readonly folder: string) {}

  /** An empty folder for the output of that number. */
  output(n: number): string {
    const path = `${this.folder}-${String(n)}`;
    if (!this.#outputs.has(path)) {
      mkdirSync(path, { recursive: true });
      this.#outputs.add(path);
    }
    return path;
  }

  /** Removes all that the last target left. */
  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
    for (const path of this.#outputs) {
      for (const left of readdirSync(path)) rmSync(join(path, left), { recursive: true, force: true });
    }
  }
}

/** Hands out places of one stage. */
export class Places {
  readonly #free: Place[] = [];
  #made = 0;

  /** @param stage asked for when the first place is made */
  constructor(private readonly stage: () => string) {}

  async use<T>(work: (place: Place) => Promise<T>): Promise<T> {
    const place = this.#free.pop() ?? new Place(join(this.stage(), String(this.#made++)));
    try {
      return await work(place);
    } finally {
      place.clear();
      this.#free.push(place);
    }
  }
}
