import { dirname } from 'node:path';
import { expandGlob } from '../artifacts/listing.js';
import type { Pipeline } from '../config/pipeline.js';
import { databaseOf, placeOf, sidePaths } from './coverage.js';

const NOBODY: readonly string[] = [];

/**
 * Which targets a covered path belongs to: those that read it or what it lies in, and the one whose output it is or is
 * part of. More than there are does no harm: they are decided, and found fresh.
 */
export class Attribution {
  readonly #owners = new Map<string, string[]>();
  /** Of folders that were asked for: those of the many files in one are most often the same. */
  readonly #ofFolders = new Map<string, readonly string[]>();

  constructor(pipeline: Pipeline, names: Iterable<string>) {
    const { root } = pipeline;
    for (const name of names) {
      const target = pipeline.targets.get(name);
      if (target === undefined) continue;
      for (const { path, kind } of Object.values(target.outputs)) {
        this.#add(placeOf(path, root), name);
        if (kind === 'sqlite') for (const side of sidePaths(path)) this.#add(placeOf(side, root), name);
      }
      for (const { kind, references } of Object.values(target.inputs)) {
        for (const reference of references) {
          if (reference.type === 'output') continue;
          if (reference.type === 'glob') {
            const { paths, folders } = expandGlob(root, reference.pattern);
            for (const path of [...paths, ...folders]) this.#add(placeOf(path, root), name);
          } else {
            this.#add(placeOf(reference.path, root), name);
            if (kind === 'sqlite')
              for (const at of databaseOf(reference.path, root)) this.#add(placeOf(at, root), name);
          }
        }
      }
    }
  }

  /** Names, each once; none where nobody is known to depend on the path. Where they are the same, so may be the list. */
  of(path: string): readonly string[] {
    const own = this.#owners.get(path) ?? NOBODY;
    if (path === '.' || path === '/' || path === '') return own;
    const folder = dirname(path);
    let above = this.#ofFolders.get(folder);
    if (above === undefined) this.#ofFolders.set(folder, (above = this.of(folder)));
    if (own.length === 0) return above;
    return above.length === 0 ? own : [...new Set([...own, ...above])];
  }

  #add(path: string, name: string): void {
    const owners = this.#owners.get(path);
    if (owners === undefined) this.#owners.set(path, [name]);
    // Targets come one after the other.
    else if (owners.at(-1) !== name) owners.push(name);
  }
}
