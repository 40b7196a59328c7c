import { Worker } from 'node:worker_threads';
import type { XXHashAPI } from 'xxhash-wasm';
import { costOf, hashAtOnce, hashBatch, isHashedAtOnce, type HashBatch, type HashedBatch } from './hash-batch.js';
import { Turn } from './pieces.js';
import { xxh64 } from './xxh64.js';

/** What a worker is told; see hash-worker.ts. */
export interface ToHashWorker {
  readonly id: number;
  readonly batch: HashBatch;
  readonly claim: Claim;
}

export interface FromHashWorker {
  readonly id: number;
  readonly hashed: HashedBatch;
}

/** Of a batch: whoever makes its only word 1 hashes it. */
type Claim = Int32Array<SharedArrayBuffer>;

interface Job {
  readonly id: number;
  readonly batch: HashBatch;
  readonly cost: number;
  claim: Claim;
  /** Whether no other has come since, nor was there when it came. */
  isAlone: boolean;
  readonly resolve: (hashed: HashedBatch) => void;
  readonly reject: (error: unknown) => void;
}

/** So much in batches of which nobody has begun is worth a second thread, which takes 20 ms to start. */
const WORTH_A_THREAD = 64 << 20;
/** SHA-256 of so much is taken before a message could be there and back, and before xxh64 is compiled. */
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
    if (costOf(batch) <= LITTLE) return all(hashAtOnce, batch);
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const [first] = this.#jobs.values();
      if (first !== undefined) first.isAlone = false;
      const isAlone = first === undefined;
      const job: Job = { id, batch, cost: costOf(batch), claim: unclaimed(), isAlone, resolve, reject };
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
    return free.length > 1 && free.reduce((sum, { cost }) => sum + cost, 0) >= WORTH_A_THREAD;
  }

  #start(): void {
    const worker = new Worker(this.#program ?? '');
    this.#worker = worker;
    worker.on('message', ({ id, hashed }: FromHashWorker) => this.#settle(id, ({ resolve }) => resolve(hashed)));
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
    setImmediate(() => void this.#work());
  }

  /** Hashes the last that is free, again and again. */
  async #work(): Promise<void> {
    const turn = new Turn();
    for (;;) {
      const job = [...this.#jobs.values()].reverse().find(({ claim }) => takes(claim));
      if (job === undefined) {
        this.#isWorking = false;
        return;
      }
      this.#own.add(job.id);
      try {
        const hashed: HashedBatch = { xxh64: [], sha256: [] };
        const isAtOnce = job.isAlone && isHashedAtOnce(job.batch);
        const steps = isAtOnce ? hashAtOnce(job.batch, hashed) : hashBatch(job.batch, await xxh64(), hashed);
        for (const cost of steps) if (turn.due(cost)) await turn.pass();
        this.#settle(job.id, ({ resolve }) => resolve(hashed));
      } catch (error) {
        this.#settle(job.id, ({ reject }) => reject(error));
      }
      await turn.pass();
    }
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
export function hashHere(batch: HashBatch, xxhash: XXHashAPI): HashedBatch {
  return all((of, into) => hashBatch(of, xxhash, into), batch);
}

function all(hash: (batch: HashBatch, into: HashedBatch) => Iterator<number, void>, batch: HashBatch): HashedBatch {
  const hashed: HashedBatch = { xxh64: [], sha256: [] };
  const steps = hash(batch, hashed);
  while (steps.next().done !== true);
  return hashed;
}

function unclaimed(): Claim {
  return new Int32Array(new SharedArrayBuffer(4));
}
