import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { JoinAhead, lastJoined } from '../artifacts/join-ahead.js';
import { addExtents } from '../artifacts/joined-parts.js';
import { systemErrorCode } from '../base/system-error.js';
import type { Span } from '../base/timeline.js';
import { Extents, type Extent } from '../store/object-list.js';
import type { KnownParts, Listing } from './listing.js';
import type { TargetWork } from './work.js';

/** To join so much takes longer than what must be known to join it right. */
const WORTH_IT = 16 << 20;
/** So much is written at once of what is made. */
const STEP = 4 << 20;

/**
 * The outputs of a target in parts that are joined before all parts are there, where the disk has room for more than that:
 * parts to be made need some, too.
 *
 * Where only inputs or params changed, most parts are likely to be the same: then what came of the last join is written while
 * a host lists, with a slot that is free anyway. What is known of the parts, and what is made of them, follows as it comes.
 * That takes no slot: it has to be done in any case, by the engine's own thread, so of one target at a time.
 */
export class JoinsAhead {
  readonly #outputs: OutputAhead[] = [];
  #listing: Listing | undefined;
  /** Of the listing's parts so many are told of. */
  #known = 0;

  static begin(work: TargetWork): JoinsAhead {
    const ahead = new JoinsAhead(work);
    const { run, target, staging } = work;
    const last = run.session.index.lastSuccess(target.name)?.outputs;
    for (const [name, { kind, path }] of Object.entries(staging.outputs)) {
      if (kind !== 'jsonl') continue;
      const bytes = last?.[name]?.kind === kind ? last[name].bytes : undefined;
      const isLarge = bytes !== undefined && bytes.size >= WORTH_IT;
      const before = isLarge ? lastJoined(run.session.objects, bytes.sha256) : [];
      // A rule that wrote it last time does so again.
      if (before !== undefined) ahead.#outputs.push(new OutputAhead(work, name, path, before, bytes?.size ?? 0));
    }
    ahead.#beginWithLast();
    return ahead;
  }

  private constructor(private readonly work: TargetWork) {}

  #beginWithLast(): void {
    const { decision, forced, target } = this.work;
    const isLikely = decision.reasons.every(({ type }) => type === 'input-changed' || type === 'param-changed');
    if (!isLikely || forced || !target.store) return;
    let wanted = 0;
    for (const output of this.#outputs) {
      if (output.before.length === 0) continue;
      wanted += output.sizeBefore;
      if (roomAt(output.folder) < 2 * wanted || !output.beginWithLast()) break;
    }
  }

  /** Goes on with what is known of the parts by now. */
  follow(listing: Listing): void {
    if (this.#outputs.length === 0) return;
    const isAnother = listing !== this.#listing;
    if (isAnother) {
      this.#listing = listing;
      this.#known = 0;
      for (const output of this.#outputs) output.forgetParts();
    }
    const before = this.#known;
    for (const known of listing.knownFrom(before)) {
      this.#known += known.end - known.start;
      for (const output of this.#outputs) output.add(known);
    }
    if (this.#known === before && !isAnother) return;
    const { run, target } = this.work;
    const isFree = run.joining === undefined || run.joining === target.name;
    for (const output of this.#outputs) {
      if (isAnother) output.expect();
      if (isFree && output.writeOn(this.#known / listing.total)) run.joining = target.name;
    }
  }

  get names(): readonly string[] {
    return this.#outputs.filter(({ join }) => join !== undefined).map(({ name }) => name);
  }

  of(name: string): JoinAhead | undefined {
    return this.#outputs.find((output) => output.name === name)?.join;
  }

  /** Those that nobody took leave no file. */
  async drop(): Promise<void> {
    const { run, target } = this.work;
    await Promise.all(this.#outputs.map(async ({ join }) => join?.drop()));
    if (run.joining === target.name) run.joining = undefined;
  }
}

class OutputAhead {
  join: JoinAhead | undefined;
  /** Where what is known of the parts lies. */
  #extents = new Extents();
  /** So many bytes are told of. */
  #told = 0;
  #isGivenUp = false;
  #span: Span | undefined;

  constructor(
    private readonly work: TargetWork,
    readonly name: string,
    private readonly path: string,
    readonly before: readonly Extent[],
    readonly sizeBefore: number,
  ) {}

  get folder(): string {
    return dirname(this.path);
  }

  /** False where no slot is free. */
  beginWithLast(): boolean {
    const { run, target, slots } = this.work;
    const grant = slots.take({ cpus: 1, gpus: 0, pools: {} }, target.name);
    if (grant === undefined) return false;
    this.#begin();
    const span = run.session.timeline.begin({
      phase: 'join',
      lane: { type: 'slot', slot: grant.slot },
      name: target.name,
    });
    void (this.join?.written ?? Promise.resolve()).then(() => {
      span.end();
      grant.release();
    });
    return true;
  }

  forgetParts(): void {
    this.#extents = new Extents();
    this.#told = 0;
  }

  add({ outputs, start, end }: KnownParts): void {
    const column = outputs[this.name];
    if (column !== undefined) addExtents(this.#extents, column, start, end);
  }

  /** Tells what was begun with the last result how far that is right. */
  expect(): void {
    this.join?.expect(this.#head());
  }

  /**
   * Writes on where so much more is known that it is worth it.
   *
   * @param share of the parts that are known
   * @returns whether it is being written
   */
  writeOn(share: number): boolean {
    const { size } = this.#extents;
    if (this.#isGivenUp || size < WORTH_IT || size - this.#told < STEP) return false;
    this.#told = size;
    const written = this.join?.size ?? 0;
    if (roomAt(this.folder) < 2 * (size / share - written)) {
      this.#isGivenUp = true;
      void this.join?.drop();
      return false;
    }
    if (this.join === undefined) this.#begin();
    if (this.join === undefined) return false;
    this.join.expect(this.#head());
    this.#writeOn(this.join);
    return true;
  }

  #begin(): void {
    this.join = JoinAhead.begin(this.work.run.session.objects, this.before, `${this.path}.ahead`);
    this.#isGivenUp = this.join === undefined;
  }

  #writeOn(join: JoinAhead): void {
    const { run, target } = this.work;
    const lane = { type: 'group', group: 'joining' } as const;
    const span = (this.#span ??= run.session.timeline.begin({ phase: 'join', lane, name: target.name }));
    const told = this.#told;
    void join.writeOn().then(() => {
      if (told !== this.#told) return;
      span.end();
      this.#span = undefined;
    });
  }

  #head(): readonly Extent[] {
    // What comes next may lie right behind the last of them, in the same piece.
    return this.#extents.all.slice(0, -1);
  }
}

/** Bytes. None where the file system does not tell: nothing that is only meant to save time may end a build. */
function roomAt(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return 0;
  }
}
