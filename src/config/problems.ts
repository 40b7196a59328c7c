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
    const place = ({ at }: Diagnostic): [string, number, number] => [at?.path ?? '', at?.line ?? 0, at?.column ?? 0];
    return this.#list
      .map((diagnostic) => ({ diagnostic, place: place(diagnostic) }))
      .sort((a, b) => (a.place[0] === b.place[0] ? a.place[1] - b.place[1] || a.place[2] - b.place[2] : 0))
      .map(({ diagnostic }) => diagnostic);
  }
}
