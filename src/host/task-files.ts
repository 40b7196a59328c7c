import { lstatSync, readdirSync, rmSync } from 'node:fs';
import {
  openInput,
  openOutput,
  type InputHandle,
  type OpenedInput,
  type OpenedOutput,
  type OpenInputOptions,
} from '../artifacts/handles.js';
import type { ArtifactRecord } from '../artifacts/kind.js';
import { sideFiles } from '../artifacts/sqlite-open.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { hostErrors } from '../diagnostics/host.js';
import type { ObjectStore } from '../store/objects.js';
import type { Pack, Packed } from '../store/pack.js';
import { keepStaged, type Staged } from './keep-staged.js';
import type { HandedInput, StagedOutput } from './protocol.js';

/** The record of an output whose bytes may be in a pack that is not sealed yet. */
export type PackedOutput = Omit<ArtifactRecord, 'bytes'> & { readonly bytes: Packed };

const NOTHING_IS_FINE = { throwIfNoEntry: false } as const;

/** What a rule reads and writes, by role, open until `close`. */
export class TaskFiles {
  readonly inputs: Readonly<Record<string, InputHandle | readonly InputHandle[] | undefined>>;
  readonly outputs: Readonly<Record<string, OpenedOutput['handle']>>;
  readonly #staged: Map<string, StagedOutput>;
  readonly #opened: OpenedInput[] = [];
  readonly #openOutputs: [name: string, output: OpenedOutput][] = [];

  /** @param held whether small outputs may stay in memory: for `pack` */
  constructor(
    inputs: Readonly<Record<string, HandedInput | readonly HandedInput[] | null>>,
    staged: Staged,
    held: 'held' | 'on disk' = 'on disk',
    options: OpenInputOptions = {},
  ) {
    this.#staged = new Map(Object.entries(staged));
    const open = (handed: HandedInput): InputHandle => {
      const opened = openInput(handed, options);
      this.#opened.push(opened);
      return opened.handle;
    };
    this.inputs = mapped(inputs, (handed) => {
      if (handed === null) return undefined;
      return isOne(handed) ? open(handed) : handed.map(open);
    });
    this.outputs = mapped(staged, (output, name) => {
      clearStaged(output);
      const opened = openOutput(output, held);
      this.#openOutputs.push([name, opened]);
      return opened.handle;
    });
  }

  /** Completes the outputs and takes their records. */
  async keep(objects: ObjectStore | null): Promise<Readonly<Record<string, ArtifactRecord>>> {
    for (const [, output] of this.#openOutputs.splice(0)) output.finish();
    return keepStaged(Object.fromEntries(this.#staged), objects);
  }

  /**
   * As `keep`, but small outputs go into a pack, where they are once it is sealed. Whoever seals it when a timer says so
   * has heard of them by then: nothing is waited for once they are added.
   */
  async pack(objects: ObjectStore, pack: Pack): Promise<Readonly<Record<string, PackedOutput>>> {
    const small: [name: string, kind: StagedOutput['kind'], bytes: Uint8Array][] = [];
    const staged: Record<string, StagedOutput> = {};
    const opened = this.#openOutputs.splice(0);
    for (const [name, output] of opened) {
      const bytes = output.finish();
      const at = this.#staged.get(name);
      if (at === undefined) continue;
      if (bytes === undefined) staged[name] = at;
      else small.push([name, at.kind, bytes]);
    }
    const records: Record<string, PackedOutput> = { ...(await keepStaged(staged, objects)) };
    for (const [name, kind, bytes] of small) {
      const packed = pack.add(bytes);
      records[name] = { kind, digest: packed.sha256, bytes: packed };
    }
    for (const [, output] of opened) output.discard();
    return records;
  }

  /**
   * Takes an output out of the rule's hands: nothing is at its staged path then, and `keep` knows it no more. Undefined
   * where it is not wanted, or was taken already.
   *
   * @throws UserFacingError where the rule wrote to it.
   */
  take(name: string): StagedOutput | undefined {
    const at = this.#openOutputs.findIndex(([other]) => other === name);
    const staged = this.#staged.get(name);
    if (at < 0 || staged === undefined) return undefined;
    for (const [, output] of this.#openOutputs.splice(at, 1)) output.finish();
    this.#staged.delete(name);
    if (isWritten(staged.path)) throw new UserFacingError(hostErrors.joinedAndWritten(name));
    rmSync(staged.path, { recursive: true, force: true });
    return staged;
  }

  /** Once all slices that are wanted of the inputs are listed. */
  listed(): void {
    for (const opened of this.#opened) opened.listed?.();
  }

  /** Lets go of everything; outputs that were not kept stay half-written. */
  close(): void {
    for (const [, output] of this.#openOutputs.splice(0)) output.discard();
    for (const opened of this.#opened.splice(0)) opened.close();
  }
}

/** An attempt that was cut short, or the part before, may have left something. */
function clearStaged({ path, kind }: StagedOutput): void {
  if (lstatSync(path, NOTHING_IS_FINE) !== undefined) rmSync(path, { recursive: true, force: true });
  // SQLite would take what is beside a new database for a part of it.
  if (kind === 'sqlite') for (const side of sideFiles(path)) rmSync(side, { force: true });
}

function isWritten(path: string): boolean {
  const stat = lstatSync(path, NOTHING_IS_FINE);
  if (stat?.isDirectory() === true) return readdirSync(path).length > 0;
  return stat !== undefined && stat.size > 0;
}

function isOne(handed: HandedInput | readonly HandedInput[]): handed is HandedInput {
  return !Array.isArray(handed);
}

function mapped<T, U>(record: Readonly<Record<string, T>>, map: (value: T, name: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}
