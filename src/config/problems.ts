import type { Diagnostic } from '../diagnostics/diagnostic.js';

/**
 * Collects mistakes. A target has its own collector below the pipeline's, so that what is wrong with it is known
 * while all mistakes end in one list, each once (instances of a matrix share their source).
 */
export class Problems {
  readonly #list: Diagnostic[];
  readonly #seen: Set<string>;
  #any = false;

  constructor(above?: Problems) {
    this.#list = above === undefined ? [] : above.#list;
    this.#seen = above === undefined ? new Set() : above.#seen;
  }

  add(diagnostic: Diagnostic): void {
    this.#any = true;
    const { at } = diagnostic;
    const identity = `${diagnostic.code}\n${diagnostic.headline}\n${at === undefined ? '' : `${at.path}:${at.line}:${at.column}`}`;
    if (this.#seen.has(identity)) return;
    this.#seen.add(identity);
    this.#list.push(diagnostic);
  }

  /** Something needed is wrong and reported where it stands. */
  follow(): void {
    this.#any = true;
  }

  /** Whether this collector was told of anything. */
  get any(): boolean {
    return this.#any;
  }

  /** All mistakes, in the order of the text. */
  inOrder(): readonly Diagnostic[] {
    return inTextOrder(this.#list);
  }
}

/** Diagnostics by place: files in the order in which they are first met, what has no place at the end. */
export function inTextOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const files = new Map<string, number>();
  for (const { at } of diagnostics) if (at !== undefined && !files.has(at.path)) files.set(at.path, files.size);
  const fileOf = ({ at }: Diagnostic): number => (at === undefined ? files.size : (files.get(at.path) ?? 0));
  return [...diagnostics].sort(
    (a, b) =>
      fileOf(a) - fileOf(b) || (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0),
  );
}
