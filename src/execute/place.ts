import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A folder below the stage where one target at a time does its work. It is cleared and used again: making and removing
 * folders for each target costs more than a small command.
 */
export class Place {
  readonly #outputs = new Set<string>();

  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  /** An empty folder for the output of that number. */
  output(n: number): string {
    const name = String(n);
    const path = join(this.folder, name);
    if (!this.#outputs.has(name)) {
      mkdirSync(path);
      this.#outputs.add(name);
    }
    return path;
  }

  /** Removes all that the last target left. */
  clear(): void {
    for (const name of readdirSync(this.folder)) {
      const path = join(this.folder, name);
      if (!this.#outputs.has(name)) rmSync(path, { recursive: true, force: true });
      else for (const left of readdirSync(path)) rmSync(join(path, left), { recursive: true, force: true });
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
