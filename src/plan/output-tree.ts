import picomatch from 'picomatch';
import { globMatches, isIgnored } from '../artifacts/listing.js';
import { isGlob, isInside, foldName } from '../config/paths.js';
import { OutputGuard } from '../config/outputs.js';
import type { OutputUse, Pipeline } from '../config/pipeline.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { graphErrors } from '../diagnostics/graph.js';

/** An output and the target that makes it. */
export interface PlacedOutput {
  readonly target: string;
  readonly output: OutputUse;
}

interface Place {
  readonly children: Map<string, Place>;
  /** By folded name: the name as first met, and an output that has it. */
  readonly folded: Map<string, { readonly name: string; readonly by: PlacedOutput }>;
  placed: PlacedOutput | undefined;
}

function newPlace(): Place {
  return { children: new Map(), folded: new Map(), placed: undefined };
}

/**
 * All outputs by the segments of their paths, links of folders followed: what a path or glob could mean is found without
 * looking at every output.
 */
export class OutputTree {
  readonly #root = newPlace();
  readonly #guard: OutputGuard;
  readonly #problems: Diagnostic[] = [];

  constructor(pipeline: Pipeline) {
    this.#guard = new OutputGuard(pipeline.root, []);
    for (const { name, outputs } of [...pipeline.targets.values(), ...(pipeline.leftOut?.targets ?? [])]) {
      for (const output of Object.values(outputs)) this.#insert({ target: name, output });
    }
  }

  /** Outputs that are the same, lie in each other, or are twins. */
  get problems(): readonly Diagnostic[] {
    return this.#problems;
  }

  #insert(placed: PlacedOutput): void {
    const { output, target } = placed;
    let place = this.#root;
    for (const name of this.#segments(output.path)) {
      if (place.placed !== undefined) this.#overlap(placed, place.placed);
      this.#checkTwin(place, name, placed);
      let next = place.children.get(name);
      if (next === undefined) {
        next = newPlace();
        place.children.set(name, next);
      }
      place = next;
    }
    if (place.placed !== undefined) {
      const { path, at } = output;
      const first = place.placed;
      this.#problems.push(
        graphErrors.sameOutput({ at, path, first: first.target, second: target, firstAt: first.output.at }),
      );
      return;
    }
    const [inner] = this.#below(place);
    if (inner !== undefined) this.#overlap(inner, placed);
    place.placed = placed;
  }

  #overlap(inner: PlacedOutput, outer: PlacedOutput): void {
    this.#problems.push(
      graphErrors.overlap({
        at: inner.output.at,
        inner: inner.output.path,
        outer: outer.output.path,
        innerTarget: inner.target,
        outerTarget: outer.target,
        outerAt: outer.output.at,
      }),
    );
  }

  #checkTwin(folder: Place, name: string, by: PlacedOutput): void {
    const key = foldName(name);
    const known = folder.folded.get(key);
    if (known === undefined) folder.folded.set(key, { name, by });
    else if (known.name !== name) {
      const { output } = known.by;
      this.#problems.push(
        graphErrors.twins({ at: by.output.at, one: by.output.path, other: output.path, otherAt: output.at }),
      );
    }
  }

  /** The output at exactly this path. */
  at(path: string): PlacedOutput | undefined {
    let place: Place | undefined = this.#root;
    for (const name of this.#segments(path)) place = place?.children.get(name);
    return place?.placed;
  }

  /** Outputs that the path is, lies inside of, or contains. */
  touching(path: string): PlacedOutput[] {
    if (!isInside(path)) return path === '..' || /^(\.\.\/)+(\.\.)?$/.test(path) ? [...this.#below(this.#root)] : [];
    let place = this.#root;
    if (path !== '.') {
      for (const name of this.#segments(path)) {
        if (place.placed !== undefined) return place.placed.output.kind === 'directory' ? [place.placed] : [];
        const next = place.children.get(name);
        if (next === undefined) return [];
        place = next;
      }
    }
    return [...this.#below(place)];
  }

  /**
   * Outputs that a glob could match or find something in, built or not. For files it is exact; what a directory output
   * will hold is not known, so every pattern that could lead into it counts.
   */
  matching(pattern: string): PlacedOutput[] {
    const found = new Set<PlacedOutput>();
    for (const each of expandBraces(pattern)) {
      if (!isInside(each)) continue;
      const folders = each.endsWith('/');
      const segments = each.split('/').filter((segment) => segment !== '' && segment !== '.');
      for (const placed of this.#walk(this.#root, segments, 0, folders)) found.add(placed);
    }
    return [...found].filter(
      ({ output }) => output.kind === 'directory' || pattern.endsWith('/') || globMatches(pattern, output.path),
    );
  }

  *#walk(place: Place, segments: readonly string[], index: number, folders: boolean): Generator<PlacedOutput> {
    const { placed } = place;
    if (index === segments.length) {
      // A pattern for folders matches this one: whatever is in it counts.
      const isFolder = placed === undefined || placed.output.kind === 'directory';
      if (isFolder && folders) yield* this.#below(place);
      else if (!isFolder && !folders) yield placed;
      return;
    }
    if (placed !== undefined) {
      if (placed.output.kind === 'directory') yield placed;
      return;
    }
    const segment = segments[index] ?? '';
    if (segment === '**') {
      yield* this.#below(place);
      return;
    }
    if (!isGlob(segment)) {
      const child = place.children.get(segment);
      if (child !== undefined) yield* this.#walk(child, segments, index + 1, folders);
      return;
    }
    const matches = matcherOf(segment);
    for (const [name, child] of place.children) {
      if (!isIgnored(name) && matches(name)) yield* this.#walk(child, segments, index + 1, folders);
    }
  }

  *#below(place: Place): Generator<PlacedOutput> {
    if (place.placed !== undefined) yield place.placed;
    for (const child of place.children.values()) yield* this.#below(child);
  }

  #segments(path: string): string[] {
    return this.#guard.realPath(path).split('/');
  }
}

const matchers = new Map<string, (name: string) => boolean>();

/** As globs on disk match a name; see artifacts/listing.ts. */
function matcherOf(segment: string): (name: string) => boolean {
  let matcher = matchers.get(segment);
  if (matcher === undefined) {
    matcher = picomatch(segment, { noextglob: true, nonegate: true, strictSlashes: true });
    matchers.set(segment, matcher);
  }
  return matcher;
}

/** `{a/b,c}/*` as `a/b/*` and `c/*`: segments can then be looked at one by one. Ranges and single words stay. */
export function expandBraces(pattern: string): string[] {
  const open = pattern.indexOf('{');
  if (open < 0 || !/\{[^{}]*\/[^{}]*\}|\{.*\{/.test(pattern)) return [pattern];
  const commas: number[] = [];
  let depth = 0;
  let close = -1;
  for (let i = open; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === '{') depth++;
    else if (character === ',' && depth === 1) commas.push(i);
    else if (character === '}' && --depth === 0) {
      close = i;
      break;
    }
  }
  if (close < 0) return [pattern];
  const head = pattern.slice(0, open);
  const tails = expandBraces(pattern.slice(close + 1));
  if (commas.length === 0) return tails.map((tail) => `${pattern.slice(0, close + 1)}${tail}`);
  const edges = [open, ...commas, close];
  return edges
    .slice(0, -1)
    .flatMap((edge, i) => expandBraces(pattern.slice(edge + 1, edges[i + 1])))
    .flatMap((choice) => tails.map((tail) => `${head}${choice}${tail}`));
}
