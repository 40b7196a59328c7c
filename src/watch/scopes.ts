import type { Role, Scope } from './scope.js';

/** More scopes than this are put together anew. */
const MOST = 16;

/** What is watched, as one: what the last build of everything covered, and what was found to count since. */
export class Scopes {
  #scopes: readonly Scope[] = [];
  #wide: Scope | undefined;
  #folders: ReadonlySet<string> = new Set();

  get folders(): ReadonlySet<string> {
    return this.#folders;
  }

  /** Whether so many were added that one of everything should take their place. */
  get isLong(): boolean {
    return this.#scopes.length > MOST;
  }

  /** This one and nothing else. */
  set(scope: Scope): void {
    this.#scopes = [scope];
    this.#wide = undefined;
    this.#gather();
  }

  /** This one as well, where it covers what the others do not. */
  add(scope: Scope): void {
    if (scope.isWithin(this)) return;
    this.#scopes = [scope, ...this.#scopes];
    this.#gather();
  }

  /** Until `set`: what no other scope says of a path, this one does. */
  widen(scope: Scope): void {
    this.#wide = scope;
    this.#gather();
  }

  /** What the newest scope that covers the path says. */
  roleOf(path: string): Role | undefined {
    for (const scope of this.#scopes) {
      const role = scope.roleOf(path);
      if (role !== undefined) return role;
    }
    return this.#wide?.roleOf(path);
  }

  linksTo(path: string): readonly string[] {
    return [...new Set(this.#scopes.flatMap((scope) => scope.linksTo(path)))];
  }

  #gather(): void {
    const all = this.#wide === undefined ? this.#scopes : [...this.#scopes, this.#wide];
    this.#folders = new Set(all.flatMap(({ folders }) => [...folders]));
  }
}
