import { dirname } from 'node:path';
import { expandGlob } from '../artifacts/listing.js';
import type { Pipeline } from '../config/pipeline.js';
import { placeOf, sidePaths } from './coverage.js';

/**
 * Which targets a covered path belongs to: those that read it or what it lies in, and the one whose output it is or is
 * part of. More than there are does no harm: they are decided, and found fresh.
 */
export class Attribution {
  readonly #owners = new Map<string, string[]>();

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
            if (kind === 'sqlite') for (const side of sidePaths(reference.path)) this.#add(placeOf(side, root), name);
          }
        }
      }
    }
  }

  /** Names, each once; none where nobody is known to depend on the path. */
  of(path: string): readonly string[] {
    const names = new Set<string>();
    for (let at = path; ; at = dirname(at)) {
      for (const name of this.#owners.get(at) ?? []) names.add(name);
      if (at === '.' || at === '/' || at === '') return [...names];
    }
  }

  #add(path: string, name: string): void {
    const owners = this.#owners.get(path);
    if (owners === undefined) this.#owners.set(path, [name]);
    else owners.push(name);
  }
}
