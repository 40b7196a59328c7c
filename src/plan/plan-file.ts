import { readFileSync } from 'node:fs';
import { sha256, hexOf } from '../base/digest.js';
import type { Pipeline, RuleUse, Target } from '../config/pipeline.js';
import type { LoadedRule } from '../rule/description.js';
import type { Graph } from './graph.js';

/**
 * The plan that a snapshot was taken of: the checked targets, what they need, and which of them each covered path belongs
 * to. So a build of which little has changed reads neither the pipeline file nor targets that do not matter.
 *
 *     9 words    format, targets, paths, then how many numbers each list of lists has, bytes of head, names, bodies
 *     lists      of dependencies and of order-only ones by target, of targets by path: starts, then numbers
 *     starts     where each target's body begins
 *     texts      head (JSON), names of the targets in topological order (one a line), bodies (JSON)
 *
 * Like the snapshot it is a short cut: one that does not have the digest by which the snapshot names it is not believed.
 */
const PLAN_FORMAT = 1;
const HEADER = 9;

/** Numbers by place. */
type Lists = readonly (readonly number[])[];

interface Head {
  readonly wanted: readonly string[];
  readonly pools: Pipeline['pools'];
  readonly environmentRead: Pipeline['environmentRead'];
  readonly rules: readonly LoadedRule[];
}

/** A target as written: its rule by its place in the head. */
type Body = Omit<Target, 'work'> & {
  readonly work: Target['work'] | (Omit<RuleUse, 'rule'> & { readonly use: number });
};

export interface PlanInput {
  readonly graph: Graph;
  /** The targets the user asked for, and all needed for them in topological order. */
  readonly wanted: readonly string[];
  readonly names: readonly string[];
  /** By path of the snapshot: places of the targets it belongs to. */
  readonly readers: Lists;
}

export function encodePlan({ graph, wanted, names, readers }: PlanInput): {
  readonly bytes: Uint8Array;
  readonly id: number;
} {
  const { targets, pools, environmentRead } = graph.pipeline;
  const place = new Map(names.map((name, i) => [name, i]));
  const rules: LoadedRule[] = [];
  const bodies = names.map((name) => {
    const target = targets.get(name);
    if (target === undefined) throw new Error(`there is no target \`${name}\``);
    return Buffer.from(JSON.stringify(bodyOf(target, rules)));
  });
  const places = (edges: Graph['dependencies']): Lists =>
    names.map((name) => (edges.get(name) ?? []).flatMap((other) => place.get(other) ?? []));
  const head: Head = { wanted, pools, environmentRead, rules };
  return assemble([places(graph.dependencies), places(graph.orderOnly), readers], JSON.stringify(head), names, bodies);
}

function bodyOf(target: Target, rules: LoadedRule[]): Body {
  const { work } = target;
  if (work.type === 'command') return target;
  const { rule, ...rest } = work;
  let use = rules.indexOf(rule);
  if (use < 0) use = rules.push(rule) - 1;
  return { ...target, work: { ...rest, use } };
}

function assemble(
  lists: readonly [Lists, Lists, Lists],
  head: string,
  names: readonly string[],
  bodies: readonly Uint8Array[],
): { readonly bytes: Uint8Array; readonly id: number } {
  const numbers = lists.map((list) => list.reduce((sum, { length }) => sum + length, 0));
  const texts = [Buffer.from(head), Buffer.from(names.join('\n')), Buffer.concat(bodies)] as const;
  const words: number[] = [
    PLAN_FORMAT,
    names.length,
    lists[2].length,
    ...numbers,
    ...texts.map(({ length }) => length),
  ];
  for (const list of lists) {
    let start = 0;
    words.push(0);
    for (const { length } of list) words.push((start += length));
    for (const values of list) for (const value of values) words.push(value);
  }
  let start = 0;
  words.push(0);
  for (const { length } of bodies) words.push((start += length));
  const bytes = Buffer.concat([new Uint8Array(Uint32Array.from(words).buffer), ...texts]);
  return { bytes, id: idOf(bytes) };
}

/** 48 bits of the digest: a number that the snapshot's header can hold. Never 0. */
function idOf(bytes: Uint8Array): number {
  return Number.parseInt(hexOf(sha256(bytes)).slice(0, 12), 16) + 1;
}

/** A list of lists in one array of numbers. */
class PackedLists {
  constructor(
    private readonly starts: Uint32Array,
    private readonly numbers: Uint32Array,
  ) {}

  at(place: number): Uint32Array {
    return this.numbers.subarray(this.starts[place], this.starts[place + 1]);
  }

  /** Whether any number of the list at this place is one of those that are set. */
  touches(place: number, set: Uint8Array): boolean {
    const end = this.starts[place + 1] ?? 0;
    for (let i = this.starts[place] ?? 0; i < end; i++) if (set[this.numbers[i] ?? 0] === 1) return true;
    return false;
  }

  toLists(): number[][] {
    return Array.from({ length: this.starts.length - 1 }, (_, place) => [...this.at(place)]);
  }
}

/** Undefined where there is no such plan, or not this one. */
export function readPlan(path: string, id: number): RememberedPlan | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  if (bytes.length < HEADER * 4 || idOf(bytes) !== id) return undefined;
  const header = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + HEADER * 4));
  return header[0] === PLAN_FORMAT ? new RememberedPlan(bytes, header) : undefined;
}

export class RememberedPlan {
  readonly names: readonly string[];
  readonly dependencies: PackedLists;
  readonly orderOnly: PackedLists;
  /** By path of the snapshot: places of the targets it belongs to. */
  readonly readers: PackedLists;
  readonly #head: Head;
  readonly #headText: string;
  readonly #bodies: Buffer;
  readonly #starts: Uint32Array;

  constructor(bytes: Buffer, header: Uint32Array) {
    const [, targets = 0, paths = 0, needed = 0, ordered = 0, read = 0, headLength = 0, nameLength = 0] = header;
    const words = HEADER + targets * 3 + paths + 4 + needed + ordered + read;
    const numbers = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + words * 4));
    let at = HEADER;
    const take = (count: number): Uint32Array => numbers.subarray(at, (at += count));
    const lists = (places: number, count: number): PackedLists => new PackedLists(take(places + 1), take(count));
    this.dependencies = lists(targets, needed);
    this.orderOnly = lists(targets, ordered);
    this.readers = lists(paths, read);
    this.#starts = take(targets + 1);
    const names = words * 4 + headLength;
    this.#headText = bytes.toString('utf8', words * 4, names);
    this.#head = JSON.parse(this.#headText) as Head;
    this.names = targets === 0 ? [] : bytes.toString('utf8', names, names + nameLength).split('\n');
    this.#bodies = bytes.subarray(names + nameLength);
  }

  get wanted(): readonly string[] {
    return this.#head.wanted;
  }

  /** The targets at these places and all that need one of them, directly or not; in topological order. */
  withDependents(places: Iterable<number>): number[] {
    const concerned = new Uint8Array(this.names.length);
    for (const place of places) concerned[place] = 1;
    const all: number[] = [];
    for (let place = 0; place < concerned.length; place++) {
      if (concerned[place] === 0 && this.dependencies.at(place).some((other) => concerned[other] === 1))
        concerned[place] = 1;
      if (concerned[place] === 1) all.push(place);
    }
    return all;
  }

  /** What these need directly, themselves left out. */
  directlyNeeded(places: readonly number[]): number[] {
    const own = new Set(places);
    const needed = new Set<number>();
    for (const place of places) for (const other of this.dependencies.at(place)) if (!own.has(other)) needed.add(other);
    return [...needed].sort((a, b) => a - b);
  }

  /** A pipeline of the targets at these places alone, in topological order, with the edges among them. */
  graphOf(places: readonly number[], file: string, root: string): Graph {
    const names = places.map((place) => this.names[place] ?? '');
    const wanted = new Set(places);
    const edges = (lists: PackedLists): Map<string, string[]> =>
      new Map(
        places.map((place, i) => [
          names[i] ?? '',
          [...lists.at(place)].filter((other) => wanted.has(other)).map((other) => this.names[other] ?? ''),
        ]),
      );
    const { pools, environmentRead } = this.#head;
    const targets = new Map(places.map((place, i) => [names[i] ?? '', this.#target(place)]));
    const pipeline: Pipeline = {
      file,
      root,
      targets,
      matrices: new Map(),
      defaults: [],
      pools,
      environmentRead,
      overridden: false,
    };
    return { pipeline, dependencies: edges(this.dependencies), orderOnly: edges(this.orderOnly), order: names };
  }

  /** The same plan for other paths. */
  withReaders(readers: Lists): { readonly bytes: Uint8Array; readonly id: number } {
    const bodies = this.names.map((_, place) => this.#body(place));
    return assemble(
      [this.dependencies.toLists(), this.orderOnly.toLists(), readers],
      this.#headText,
      this.names,
      bodies,
    );
  }

  #body(place: number): Buffer {
    return this.#bodies.subarray(this.#starts[place], this.#starts[place + 1]);
  }

  #target(place: number): Target {
    const { work, ...rest } = JSON.parse(this.#body(place).toString('utf8')) as Body;
    if (!('use' in work)) return { ...rest, work };
    const { use, ...how } = work;
    const rule = this.#head.rules[use];
    if (rule === undefined) throw new Error('a plan without one of its rules');
    return { ...rest, work: { ...how, rule } };
  }
}
