import { isAbsolute, join } from 'node:path';
import type { Digest } from '../base/digest.js';
import type { RuleUse, Target } from '../config/pipeline.js';
import type { HandedInput, ListTask, TaskMessage } from '../host/protocol.js';
import { environmentPrint } from '../plan/decide.js';
import { resolveInput } from '../plan/graph.js';
import type { BuildState } from './build-state.js';
import { valuesOf, type Handing } from './handing.js';
import { listParts } from './list-parts.js';
import { Listing } from './listing.js';
import type { Session } from './session.js';
import type { Grant } from './slots.js';
import { relay, type TargetWork } from './work.js';

/** So much to read for a digest takes longer than a host needs to begin. */
const WORTH_IT = 16 << 20;

/** An input as it was when the listing began. */
interface Begun {
  readonly path: string;
  readonly kind: HandedInput['kind'];
  /** Known then; else what the file's stat was. */
  readonly digest?: Digest;
  readonly moment?: string;
  /** Of a database: its digest will tell what slices are. */
  readonly tellsSlices?: boolean;
}

/**
 * Lists the parts of a target while its inputs are still read for their digests, with a slot that is free anyway.
 *
 *     begun --decided: the target must run--> listed --taken: the inputs are what they were when it began--> used
 *       |                                        '----taken: one is not, or is read from a copy--> dropped
 *       '--the target need not run, or another vlmbuild has it--> dropped
 *
 * It is of what the digests are of: files that showed no younger stat than before it, and the same one after both, were
 * not written in between. Listing writes nothing, and what the rule says meanwhile is told only where it is used; where it
 * fails, it is done once more in its turn, and fails there.
 *
 * Of a database its digest tells what slices are, or that they are as they were: their keys wait for that, and so does the
 * comparison with the last listing, which another vlmbuild may replace until the target is locked: where one has written
 * since, this one is dropped. For nothing that needs a slot does it wait: it has one itself.
 */
export class ListingAhead {
  readonly #session: Session;
  readonly #inputs: readonly Begun[];
  readonly #drop = new AbortController();
  readonly #said: (readonly [message: TaskMessage, part: string | undefined])[] = [];
  readonly #listing: Promise<Listing | undefined>;
  #inputsRead: () => void = () => undefined;
  readonly #prepareAnother: () => void;
  /** Of the index, when it was decided. */
  #version: string | undefined;
  #isTaken = false;
  readonly #grant: Grant;

  /** Undefined where it would spare nothing, or may not be done yet. */
  static begin(build: BuildState, target: Target): ListingAhead | undefined {
    const { session } = build.run;
    const { work } = target;
    if (work.type !== 'rule' || work.rule.shape !== 'parts' || target.secrets.length > 0) return undefined;
    if (build.planContext.forced.has(target.name) || build.options.locked !== undefined) return undefined;
    const inputs = inputsOf(session, target);
    if (inputs === undefined) return undefined;
    const keysOnceRead = inputs.begun.some(({ tellsSlices }) => tellsSlices === true);
    if (!keysOnceRead && !newListing(session, target).isFirst) return undefined;
    const grant = build.slots.take({ cpus: 1, gpus: 0, pools: {} }, target.name);
    return grant && new ListingAhead(build, target, work, { ...inputs, keysOnceRead }, grant);
  }

  private constructor(
    build: BuildState,
    target: Target,
    work: RuleUse,
    inputs: {
      readonly begun: readonly Begun[];
      readonly handed: ListTask['inputs'];
      readonly keysOnceRead: boolean;
    },
    grant: Grant,
  ) {
    const { session } = build.run;
    this.#session = session;
    this.#inputs = inputs.begun;
    this.#grant = grant;
    const { root, layout, hosts, jobs, timeline } = session;
    const task: ListTask = {
      type: 'list',
      target: target.name,
      root,
      cache: layout.cache,
      env: valuesOf(session, target.env),
      secrets: {},
      rule: work.rule.name,
      code: work.rule.code,
      bundle: work.rule.bundle,
      source: work.rule.path,
      inputs: inputs.handed,
      outputs: Object.fromEntries(Object.values(target.outputs).map(({ name, kind }) => [name, { kind, path: '' }])),
      params: target.params,
      envDigests: environmentPrint(target, build.planContext),
      ...(inputs.keysOnceRead ? { keysOnceRead: true } : {}),
    };
    // It asks for the last listing when the first parts come: with `keysOnceRead`, when the inputs are read.
    const listing = newListing(session, target);
    const inputsRead = new Promise<void>((resolve) => (this.#inputsRead = resolve));
    this.#prepareAnother = () => {
      if (work.concurrency === null && newListing(session, target).isFirst) hosts.prepare(task, Math.min(jobs, 2));
    };
    const options = {
      // What it does is of no use then, and nobody waits for its host.
      grace: { softMs: 0, termMs: 100 },
      signal: AbortSignal.any([build.interrupt, this.#drop.signal]),
      ...(target.timeoutMs === undefined ? {} : { timeoutMs: target.timeoutMs }),
      described: true,
      inputsRead,
      on: (message: TaskMessage, part?: string) => void this.#said.push([message, part]),
      onMissing: (count: number): void => {
        if (work.concurrency === null) hosts.prepare(task, Math.min(jobs, count));
      },
    };
    this.#listing = timeline
      .during({ phase: 'list', lane: { type: 'slot', slot: grant.slot }, name: target.name }, () =>
        listParts(session, task, listing, options),
      )
      .then(
        () => listing,
        () => undefined,
      )
      .finally(() => grant.release());
  }

  /** Whether it still has its slot: then the target needs none to list. */
  get isListing(): boolean {
    return !this.#isTaken && this.#grant.held;
  }

  /** The inputs are read, and the target must run. */
  decided(): void {
    this.#version = this.#session.index.version;
    this.#inputsRead();
    // Of so much there are several parts, most likely all to be made; and what read the inputs does so no more.
    this.#prepareAnother();
  }

  /** The listing, where it is of what the target, which is locked now, was decided by; once. */
  async taken(work: TargetWork): Promise<Listing | undefined> {
    if (this.#isTaken || this.#version !== this.#session.index.version || !this.#isOf(work.handing)) return undefined;
    this.#isTaken = true;
    const listing = await this.#listing;
    // It has read until now.
    if (listing === undefined || !this.#isOf(work.handing)) return undefined;
    const say = relay(work);
    for (const [message, part] of this.#said) say(message, part);
    return listing;
  }

  /** Nobody wants it any more. */
  drop(): void {
    this.#isTaken = true;
    this.#drop.abort();
  }

  #isOf({ items }: Handing): boolean {
    const { digester } = this.#session;
    return (
      items.length === this.#inputs.length &&
      items.every(({ path, kind, digest }, i) => {
        const begun = this.#inputs[i];
        if (begun?.path !== path || begun.kind !== kind) return false;
        return begun.digest === undefined ? digester.momentOf(path, kind) === begun.moment : begun.digest === digest;
      })
    );
  }
}

function newListing({ index }: Session, { name }: Target): Listing {
  return new Listing(index, name, new Set());
}

/** Undefined where one cannot be told to be the same later; or all are known, or nearly. */
function inputsOf(
  session: Session,
  target: Target,
): { readonly begun: readonly Begun[]; readonly handed: ListTask['inputs'] } | undefined {
  const { digester, graph, root } = session;
  const begun: Begun[] = [];
  const handed: Record<string, HandedInput | readonly HandedInput[] | null> = {};
  let unread = 0;
  for (const [role, use] of Object.entries(target.inputs)) {
    const items: HandedInput[] = [];
    for (const { path } of resolveInput(graph, use).items) {
      const { kind } = use;
      const at = isAbsolute(path) ? path : join(root, path);
      const digest = digester.known(path, kind);
      if (digest === 'absent') return undefined;
      const read = digest === undefined ? digester.unread(path, kind) : undefined;
      if (digest !== undefined) {
        begun.push({ path, kind, digest });
        items.push({ kind, path: at, digest });
      } else if (read !== undefined) {
        unread += read.size;
        const { moment, tellsSlices } = read;
        begun.push({ path, kind, moment, tellsSlices });
        items.push({ kind, path: at, digest: NONE_YET, isUnread: true });
      } else return undefined;
    }
    handed[role] = use.list ? items : (items[0] ?? null);
  }
  return unread < WORTH_IT ? undefined : { begun, handed };
}

const NONE_YET: Digest = `sha256:${'0'.repeat(64)}`;
