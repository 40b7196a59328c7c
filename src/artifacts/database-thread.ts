import { Worker } from 'node:worker_threads';
import type { PageWindow } from './page-window.js';
import { Turn } from './pieces.js';
import type { ShortRowsWriter } from './short-rows.js';
import type { Chunks } from './sqlite-chunks.js';
import { readPages, type DatabasePages, type PageLayout, type TableRoot } from './sqlite-pages.js';
import { StretchDigester, type StretchDigest, type TableStretch } from './table-stretch.js';

/** What threads do together for a database. */
export interface DatabaseWork {
  /** Open for as long as anybody works, and nothing in it changes. */
  readonly file: number;
  readonly layout: PageLayout;
  readonly stretches: readonly TableStretch[];
  /** Its only word is the number of the next stretch that nobody has. */
  readonly next: Int32Array<SharedArrayBuffer>;
  readonly shortRows: 'with short rows' | 'alone';
  /** Where its pages are to be looked at first. */
  readonly tables: readonly TableRoot[] | undefined;
}

export type FromDatabaseWorker =
  | { readonly pages: DatabasePages | undefined }
  | { readonly stretch: number; readonly digest: StretchDigest | undefined }
  | 'done';

/** So large a database is worth a second thread, which takes 20 ms to start. */
const WORTH_A_THREAD = 64 << 20;

/** It makes little garbage: a usual thread would hold 30 MB of it. */
const LIMITS = { maxYoungGenerationSizeMb: 4 };

/** Whether there is a stretch left; it is taken now. */
export function takeStretch({ next, stretches }: DatabaseWork): number | undefined {
  const taken = Atomics.add(next, 0, 1);
  return taken < stretches.length ? taken : undefined;
}

/** One thread beside this one, for one database at a time: the next one is digested without. */
export class DatabaseThread {
  #isTaken = false;
  readonly #program: string;

  /** @param program the worker's script */
  constructor(program: string) {
    this.#program = program;
  }

  /** Undefined where it would spare nothing, or is busy. */
  begin(work: DatabaseWork): BegunThread | undefined {
    const { size, count } = work.layout;
    if (this.#isTaken || size * count < WORTH_A_THREAD) return undefined;
    this.#isTaken = true;
    return new BegunThread(this.#program, work, () => (this.#isTaken = false));
  }
}

/**
 * A thread at work.
 *
 *     begun --done, lost or stopped--> ended
 */
class BegunThread {
  readonly #worker: Worker;
  readonly #said: FromDatabaseWorker[] = [];
  readonly #exited: Promise<void>;
  /** It has said all, or will say no more. */
  readonly ended: Promise<void>;

  constructor(program: string, work: DatabaseWork, onExit: () => void) {
    this.#worker = new Worker(program, { workerData: work, resourceLimits: LIMITS });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        onExit();
        resolve();
      });
    });
    this.ended = new Promise((resolve) => {
      this.#worker.on('message', (message: FromDatabaseWorker) => {
        this.#said.push(message);
        if (message === 'done') resolve();
      });
      // What it did not do is done here, and fails here if it must.
      this.#worker.on('error', () => resolve());
      void this.#exited.then(resolve);
    });
  }

  /** What it said since it was last asked. */
  said(): FromDatabaseWorker[] {
    return this.#said.splice(0);
  }

  /** Nothing is read by it after this. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
    await this.#exited;
  }
}

/**
 * Digests tables of a database file with as many threads as there are: whoever is free takes the next stretch. What one does
 * not do that was begun, this thread does.
 */
export class DatabaseDigesting {
  #thread: BegunThread | undefined;
  #pages: { readonly found: DatabasePages | undefined } | undefined;

  /** @param tables where the pages of the file are to be looked at meanwhile: those asked for */
  constructor(
    private readonly file: number,
    private readonly window: PageWindow,
    private readonly shortRows: ShortRowsWriter | undefined,
    private readonly threads: DatabaseThread | undefined,
    private readonly tables?: readonly TableRoot[],
  ) {}

  /** Of stretches in which a row is odd: undefined. */
  async digest(stretches: readonly TableStretch[]): Promise<(Chunks | undefined)[]> {
    const { file, window, tables } = this;
    const { layout } = window;
    const next = new Int32Array(new SharedArrayBuffer(4));
    const shortRows = this.shortRows === undefined ? 'alone' : 'with short rows';
    const work: DatabaseWork = { file, layout, stretches, next, shortRows, tables };
    const done: ({ readonly chunks: Chunks | undefined } | undefined)[] = stretches.map(() => undefined);
    const take = (stretch: number, digest: StretchDigest | undefined): void => {
      done[stretch] ??= { chunks: digest?.chunks };
      if (digest !== undefined) this.shortRows?.write(stretches[stretch]?.table ?? '', digest.shortRows);
    };
    const listen = (): void => {
      for (const message of this.#thread?.said() ?? []) {
        if (message === 'done') continue;
        if ('pages' in message) this.#pages = { found: message.pages };
        else take(message.stretch, message.digest);
      }
    };
    this.#thread = stretches.length === 0 ? undefined : this.threads?.begin(work);
    const turn = new Turn();
    const digester = new StretchDigester(window, shortRows);
    const digestHere = async (stretch: number): Promise<void> => {
      const steps = digester.digest(stretches[stretch] as TableStretch);
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) if (turn.due(step.value)) await turn.pass();
      take(stretch, step.value);
      listen();
    };
    for (let taken = takeStretch(work); taken !== undefined; taken = takeStretch(work)) await digestHere(taken);
    await this.#thread?.ended;
    listen();
    for (const stretch of stretches.keys()) if (done[stretch] === undefined) await digestHere(stretch);
    return done.map((digest) => digest?.chunks);
  }

  /** The pages, as they were to be looked at meanwhile. */
  async pages(): Promise<DatabasePages | undefined> {
    this.#pages ??= { found: await readPages(this.file, this.tables ?? []) };
    return this.#pages.found;
  }

  /** To be called before the file is closed. */
  async close(): Promise<void> {
    await this.#thread?.stop();
  }
}
