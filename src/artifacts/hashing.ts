import { Worker } from 'node:worker_threads';
import type { XXHashAPI } from 'xxhash-wasm';
import type { Digest } from '../base/digest.js';
import {
  costOf,
  hashBatch,
  isWorthAGuess,
  sha256OfOnly,
  xxh64OfOnly,
  type HashBatch,
  type HashedBatch,
} from './hash-batch.js';
import { Turn } from './pieces.js';
import { xxh64 } from './xxh64.js';

/** What a worker is told; see hash-worker.ts. */
export interface ToHashWorker {
  readonly id: number;
  readonly batch: HashBatch;
  readonly claim: Claim;
}

/** `compared`: of a batch that is worth a guess, the xxh64 of its only file ('' as in `HashedBatch`). */
export type FromHashWorker =
  { readonly id: number; readonly hashed: HashedBatch } | { readonly id: number; readonly compared: string };

/** Of a batch: whoever makes its only word 1 hashes it. */
type Claim = Int32Array<SharedArrayBuffer>;

interface Job {
  readonly id: number;
  batch: HashBatch;
  readonly cost: number;
  claim: Claim;
  /** Of one that is worth a guess: the xxh64 that the worker found, another than the known one; and the guess. */
  compared?: string;
  guess?: 'under way' | { readonly sha256: Digest | '' };
  readonly resolve: (hashed: HashedBatch) => void;
  readonly reject: (error: unknown) => void;
}

/** So much in batches of which nobody has begun is worth a second thread, which takes 20 ms to start. */
const WORTH_A_THREAD = 64 << 20;
/** So much is hashed before a message could be there and back. */
const LITTLE = 1 << 20;
/** A worker has 10 MB, and is wanted in bursts. */
const IDLE_MS = 500;

/** Whether the batch was free; it is taken now. */
export function takes(claim: Claim): boolean {
  return Atomics.compareExchange(claim, 0, 0, 1) === 0;
}

/**
 * Hashes files on two cores. Batches stand in a row: a worker thread takes the first and this thread the last, which it
 * hashes a turn at a time.
 *
 *     waiting --taken by this thread----> hashed
 *        |  ^---the worker is lost---.
 *        '----taken by the worker----'--> hashed
 *
 * Where there is little to hash there is no worker, and where it fails this thread does all.
 */
export class Hashing {
  readonly #program: string | undefined;
  readonly #jobs = new Map<number, Job>();
  /** Of those, what this thread took. */
  readonly #own = new Set<number>();
  #lastId = 0;
  #isWorking = false;
  #worker: Worker | undefined;
  #isBroken = false;
  #idle: NodeJS.Timeout | undefined;

  /** @param program the worker's script; without, this thread hashes alone */
  constructor(program?: string) {
    this.#program = program;
  }

  async hash(batch: HashBatch): Promise<HashedBatch> {
    if (costOf(batch) <= LITTLE) return hashHere(batch, await xxh64());
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const job: Job = { id, batch, cost: costOf(batch), claim: unclaimed(), resolve, reject };
      this.#jobs.set(id, job);
      if (this.#worker !== undefined) this.#hand(job, this.#worker);
      else if (this.#isWorthAThread()) this.#start();
      this.#beginWork();
    });
  }

  /** Ends the worker; what it has in hand is hashed here. */
  close(): void {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    clearTimeout(this.#idle);
    worker.removeAllListeners();
    // Nothing waits for its end, and nothing can be done about how it ends.
    void worker.terminate();
    this.#takeBack();
  }

  #isWorthAThread(): boolean {
    if (this.#program === undefined || this.#isBroken) return false;
    const free = [...this.#jobs.values()].filter(({ claim }) => claim[0] === 0);
    if (free.length === 1) return free.some(({ batch }) => isWorthAGuess(batch));
    return free.reduce((sum, { cost }) => sum + cost, 0) >= WORTH_A_THREAD;
  }

  #start(): void {
    const worker = new Worker(this.#program ?? '');
    this.#worker = worker;
    worker.on('message', (message: FromHashWorker) => {
      if ('hashed' in message) this.#settle(message.id, ({ resolve }) => resolve(message.hashed));
      else this.#compared(message.id, message.compared);
    });
    const lose = (): void => {
      this.#isBroken = true;
      this.close();
    };
    worker.on('error', lose);
    worker.on('exit', lose);
    for (const job of this.#jobs.values()) if (job.claim[0] === 0) this.#hand(job, worker);
  }

  /** What the worker had is free again, and nothing that it still does counts. */
  #takeBack(): void {
    for (const job of this.#jobs.values()) if (!this.#own.has(job.id)) job.claim = unclaimed();
    if (this.#jobs.size > 0) this.#beginWork();
  }

  #hand({ id, batch, claim }: Job, worker: Worker): void {
    clearTimeout(this.#idle);
    worker.ref();
    worker.postMessage({ id, batch, claim } satisfies ToHashWorker);
  }

  #beginWork(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    // What comes in this turn comes first: then it shows whether a worker is worth it.
    setImmediate(() => {
      xxh64().then(
        (xxhash) => this.#work(xxhash),
        (error: unknown) => {
          for (const id of this.#jobs.keys()) this.#settle(id, ({ reject }) => reject(error));
        },
      );
    });
  }

  /** Hashes the last that is free, again and again. */
  async #work(xxhash: XXHashAPI): Promise<void> {
    const turn = new Turn();
    for (;;) {
      const [only] = this.#jobs.values();
      const isAlone = this.#jobs.size === 1 && this.#worker !== undefined;
      if (only !== undefined && isAlone && only.guess === undefined && isWorthAGuess(only.batch)) {
        await this.#guess(only, xxhash, turn).catch((error: unknown) =>
          this.#settle(only.id, ({ reject }) => reject(error)),
        );
        continue;
      }
      const job = [...this.#jobs.values()].reverse().find(({ claim }) => takes(claim));
      if (job === undefined) {
        this.#isWorking = false;
        return;
      }
      this.#own.add(job.id);
      try {
        const hashed: HashedBatch = { xxh64: [], sha256: [] };
        for (const cost of hashBatch(job.batch, xxhash, hashed)) if (turn.due(cost)) await turn.pass();
        this.#settle(job.id, ({ resolve }) => resolve(hashed));
      } catch (error) {
        this.#settle(job.id, ({ reject }) => reject(error));
      }
      await turn.pass();
    }
  }

  /**
   * Takes SHA-256 of the only file that there is to hash while the worker compares its xxh64: the one is of no use where
   * the other is the known one, but this thread has nothing else to do, and most often a file has changed where its stat has.
   */
  async #guess(job: Job, xxhash: XXHashAPI, turn: Turn): Promise<void> {
    job.guess = 'under way';
    const steps = sha256OfOnly(job.batch);
    let step = await steps.next();
    for (; step.done !== true; step = await steps.next()) {
      if (turn.due(step.value)) await turn.pass();
      const isOfNoUse = !this.#jobs.has(job.id);
      // There is something better to do, unless the guess was right.
      const isInTheWay = this.#jobs.size > 1 && job.compared === undefined;
      if (!isOfNoUse && !isInTheWay) continue;
      await steps.return('');
      delete job.guess;
      return;
    }
    job.guess = { sha256: step.value };
    if (job.compared !== undefined) this.#settleGuessed(job, job.compared, step.value);
    else if (takes(job.claim)) {
      const compared = runAll(xxh64OfOnly(job.batch, xxhash));
      this.#compared(job.id, compared);
    }
  }

  #compared(id: number, xxh64: string): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    if (xxh64 === '' || xxh64 === job.batch.known[0]) {
      this.#settle(id, ({ resolve }) => resolve({ xxh64: [xxh64], sha256: [''] }));
      return;
    }
    job.compared = xxh64;
    if (job.guess === 'under way') return;
    if (job.guess !== undefined) {
      this.#settleGuessed(job, xxh64, job.guess.sha256);
      return;
    }
    // Nobody guessed: it waits again, now as one of which nothing is known.
    job.batch = { ...job.batch, known: [''] };
    job.claim = unclaimed();
    if (this.#worker !== undefined) this.#hand(job, this.#worker);
    this.#beginWork();
  }

  /** Without SHA-256 nothing may be said: it would be taken for the known one. */
  #settleGuessed({ id }: Job, xxh64: string, sha256: Digest | ''): void {
    this.#settle(id, ({ resolve }) => resolve({ xxh64: [sha256 === '' ? '' : xxh64], sha256: [sha256] }));
  }

  #settle(id: number, how: (job: Job) => void): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    this.#jobs.delete(id);
    this.#own.delete(id);
    how(job);
    if (this.#jobs.size > 0 || this.#worker === undefined) return;
    this.#worker.unref();
    this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
  }
}

/** All at once. */
function hashHere(batch: HashBatch, xxhash: XXHashAPI): HashedBatch {
  const hashed: HashedBatch = { xxh64: [], sha256: [] };
  runAll(hashBatch(batch, xxhash, hashed));
  return hashed;
}

function runAll<T>(steps: Generator<number, T, undefined>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** What the worker does with a batch. */
export function answerTo({ id, batch }: ToHashWorker, xxhash: XXHashAPI): FromHashWorker {
  return isWorthAGuess(batch)
    ? { id, compared: runAll(xxh64OfOnly(batch, xxhash)) }
    : { id, hashed: hashHere(batch, xxhash) };
}

function unclaimed(): Claim {
  return new Int32Array(new SharedArrayBuffer(4));
}
