import { closeSync, fstatSync, openSync } from 'node:fs';
import { sha256, hexOf } from '../base/digest.js';
import { readFully } from '../base/read-fully.js';
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
 *     checksums  of the bodies
 *     texts      head (JSON), names of the targets in topological order (one a line), bodies (JSON)
 *
 * Bodies are most of it, and only those that are wanted are read. Like the snapshot it is a short cut: one of which all
 * before the bodies does not have the digest by which the snapshot names it is not believed, nor is a body without its
 * checksum.
 */
const PLAN_FORMAT = 3;
const HEADER = 9;

/** Numbers by place. */
type Lists = readonly (readonly number[])[];

interface Head {
  readonly wanted: readonly string[];
  /** Targets of the pipeline that are not needed. */
  readonly others: readonly string[];
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
  const others = [...targets.keys()].filter((name) => !place.has(name));
  const head: Head = { wanted, others, pools, environmentRead, rules };
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
  for (const body of bodies) words.push(checksum(body));
  const bytes = Buffer.concat([new Uint8Array(Uint32Array.from(words).buffer), ...texts]);
  return { bytes, id: idOf(bytes.subarray(0, bytes.length - texts[2].length)) };
}

/** FNV-1a: finds a body that was cut or overwritten. */
function checksum(bytes: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) sum = Math.imul(sum ^ (bytes[i] as number), 0x01000193);
  return sum >>> 0;
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
  return withFile(path, (file) => {
    const header = wordsOf(readAt(file, 0, HEADER * 4));
    if (header[0] !== PLAN_FORMAT) return undefined;
    const length = frontLength(header);
    // Of a damaged header any length can come.
    if (length > fstatSync(file).size) return undefined;
    const front = readAt(file, 0, length);
    return idOf(front) === id ? new RememberedPlan(path, front, header) : undefined;
  });
}

/** What `use` makes of the file; undefined where that cannot be read. */
function withFile<T>(path: string, use: (file: number) => T | undefined): T | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return use(file);
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** @throws where the file has no so many bytes. */
function readAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(length));
  if (readFully(file, bytes, at) < length) throw new Error('a plan that is cut short');
  return bytes;
}

/** `bytes` in a buffer of its own. */
function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, 0, bytes.length >> 2);
}

function wordCount([, targets = 0, paths = 0, needed = 0, ordered = 0, read = 0]: Uint32Array): number {
  return HEADER + targets * 4 + paths + 4 + needed + ordered + read;
}

/** Of all before the bodies, in bytes. */
function frontLength(header: Uint32Array): number {
  const [headLength = 0, nameLength = 0] = header.subarray(6);
  return wordCount(header) * 4 + headLength + nameLength;
}

export class RememberedPlan {
  readonly names: readonly string[];
  readonly dependencies: PackedLists;
  readonly orderOnly: PackedLists;
  /** By path of the snapshot: places of the targets it belongs to. */
  readonly readers: PackedLists;
  readonly #head: Head;
  readonly #headText: string;
  readonly #path: string;
  /** Where the bodies begin in the file. */
  readonly #at: number;
  readonly #starts: Uint32Array;
  readonly #checksums: Uint32Array;

  /** @param front all before the bodies, in a buffer of its own */
  constructor(path: string, front: Buffer, header: Uint32Array) {
    const [, targets = 0, paths = 0, needed = 0, ordered = 0, read = 0, headLength = 0, nameLength = 0] = header;
    const words = wordCount(header);
    const numbers = new Uint32Array(front.buffer, 0, words);
    let at = HEADER;
    const take = (count: number): Uint32Array => numbers.subarray(at, (at += count));
    const lists = (places: number, count: number): PackedLists => new PackedLists(take(places + 1), take(count));
    this.dependencies = lists(targets, needed);
    this.orderOnly = lists(targets, ordered);
    this.readers = lists(paths, read);
    this.#starts = take(targets + 1);
    this.#checksums = take(targets);
    this.#path = path;
    this.#at = front.length;
    const names = words * 4 + headLength;
    this.#headText = front.toString('utf8', words * 4, names);
    this.#head = JSON.parse(this.#headText) as Head;
    this.names = targets === 0 ? [] : front.toString('utf8', names, names + nameLength).split('\n');
  }

  get wanted(): readonly string[] {
    return this.#head.wanted;
  }

  /** Names of all targets of the pipeline. */
  allNames(): ReadonlySet<string> {
    return new Set([...this.names, ...this.#head.others]);
  }

  /** The targets at these places and all that need one of them, directly or not; in topological order. */
  withDependents(places: Iterable<number>): number[] {
    const concerned = new Uint8Array(this.names.length);
    for (const place of places) concerned[place] = 1;
    const all: number[] = [];
    for (let place = 0; place < concerned.length; place++) {
      if (concerned[place] === 0 && this.dependencies.touches(place, concerned)) concerned[place] = 1;
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

  /**
   * A pipeline of the targets at these places alone, in topological order, with the edges among them. Undefined where one
   * of them cannot be read as it was written.
   */
  graphOf(places: readonly number[], file: string, root: string): Graph | undefined {
    const read = withFile(this.#path, (plan) =>
      places.map((place) => {
        const [start, end] = this.#rangeOf(place);
        return this.#target(this.#checked(place, readAt(plan, this.#at + start, end - start)));
      }),
    );
    if (read === undefined) return undefined;
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
    const targets = new Map(read.map((target) => [target.name, target]));
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
    return {
      pipeline,
      dependencies: edges(this.dependencies),
      orderOnly: edges(this.orderOnly),
      order: names,
      absent: new Map(),
    };
  }

  /** The same plan for other paths; undefined where it cannot be read as it was written. */
  withReaders(readers: Lists): { readonly bytes: Uint8Array; readonly id: number } | undefined {
    const bodies = withFile(this.#path, (plan) => {
      const all = readAt(plan, this.#at, this.#starts.at(-1) ?? 0);
      return this.names.map((_, place) => this.#checked(place, all.subarray(...this.#rangeOf(place))));
    });
    if (bodies === undefined) return undefined;
    return assemble(
      [this.dependencies.toLists(), this.orderOnly.toLists(), readers],
      this.#headText,
      this.names,
      bodies,
    );
  }

  #rangeOf(place: number): [start: number, end: number] {
    return [this.#starts[place] ?? 0, this.#starts[place + 1] ?? 0];
  }

  /** @throws where the file has another one by now. */
  #checked(place: number, body: Buffer): Buffer {
    if (checksum(body) !== this.#checksums[place]) throw new Error('a body without its checksum');
    return body;
  }

  #target(body: Buffer): Target {
    const { work, ...rest } = JSON.parse(body.toString('utf8')) as Body;
    if (!('use' in work)) return { ...rest, work };
    const { use, ...how } = work;
    const rule = this.#head.rules[use];
    if (rule === undefined) throw new Error('a plan without one of its rules');
    return { ...rest, work: { ...how, rule } };
  }
}
