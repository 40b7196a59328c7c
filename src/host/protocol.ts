import type { ArtifactRecord, KindName, Slice } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import type { Json, JsonObject } from '../base/json.js';
import type { Diagnostic, DiagnosticCode } from '../diagnostics/diagnostic.js';
import type { CheckedParams, DescribedRule } from '../rule/description.js';
import type { LateObject } from '../store/late-pack.js';
import type { PartBlock } from '../store/part-lists.js';
import type { PackedParts } from './packed-parts.js';

/**
 * What engine and hosts say to each other. Only digests, meta and messages cross; data stays on disk.
 * A host works on one request at a time, but for `make` with a rule's own `concurrency`.
 */
export type Task =
  | LoadTask
  | DescribeTask
  | CheckTask
  | WholeTask
  | ListTask
  | AsksTask
  | MakeTask
  | AssembleTask
  | CommandTask
  | KeepTask;

/** Does nothing but load what making a rule's parts needs. */
export interface LoadTask {
  readonly type: 'load';
  readonly bundle: string;
  readonly source: string;
}

export interface DescribeTask {
  readonly type: 'describe';
  readonly bundle: string;
  readonly source: string;
}

export interface CheckTask {
  readonly type: 'check';
  readonly bundle: string;
  readonly source: string;
  readonly params: JsonObject;
}

/** What all tasks that run rule code or a command share. */
interface Work {
  readonly target: string;
  readonly root: string;
  /** Folder of the object store, and of the answers. */
  readonly cache: string;
  /** Values of the declared names that are set. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** By role; null for an absent optional one. */
  readonly inputs: Readonly<Record<string, HandedInput | readonly HandedInput[] | null>>;
  /** The wanted outputs by name, with the absolute staged path at which each is written. Parent folders exist. */
  readonly outputs: Readonly<Record<string, StagedOutput>>;
}

interface RuleWorkTask extends Work {
  readonly rule: string;
  readonly code: Digest;
  /** The CJS bundle to run, and the rule's own path, under which it is compiled. */
  readonly bundle: string;
  readonly source: string;
  /** Questions are asked anew, once in this run, which notes them in this folder; the new answers replace the old. */
  readonly askAgain?: string;
}

export interface HandedInput {
  readonly kind: KindName;
  /** Absolute. */
  readonly path: string;
  /** Of a copy of a database: the path of the database, under which it is remembered what it held. */
  readonly copyOf?: string;
  readonly digest: Digest;
  /** The digest is not known yet: a listing that asks for it fails. */
  readonly isUnread?: true;
}

export interface StagedOutput {
  readonly kind: KindName;
  readonly path: string;
}

export interface WholeTask extends RuleWorkTask {
  readonly type: 'whole';
  readonly params: JsonObject;
  /** Whether bytes go into the store, or only digests are taken. */
  readonly keep: boolean;
}

export interface ListTask extends RuleWorkTask {
  readonly type: 'list';
  readonly params: JsonObject;
  /** Digests of the declared environment: part of each part's key. */
  readonly envDigests: Readonly<Record<string, Digest | null>>;
  /**
   * Keys are taken once inputs that are unread are read: of a database, that tells which slices are as they were, and
   * those need not be read.
   */
  readonly keysOnceRead?: true;
}

/** A part as listed: what is needed to make it in another process, and its key. */
export interface ListedPart {
  readonly id: string;
  readonly key: Digest;
  readonly spec: Json;
  readonly slices: Readonly<Record<string, Slice>>;
}

/** How many questions a part would ask at most, were it made now. Writes nothing. */
export interface AsksTask extends RuleWorkTask {
  readonly type: 'asks';
  /** A single one. */
  readonly part: PackedParts;
}

/** Parts to be made one after the other. Each is told of when it is in the store, and when it failed. */
export interface MakeTask extends RuleWorkTask {
  readonly type: 'make';
  readonly parts: PackedParts;
}

/** A part that is in the store. */
export interface MadePart extends MadeOutputs {
  readonly key: Digest;
  readonly meta: JsonObject;
  readonly seconds: number;
}

export interface AssembleTask extends RuleWorkTask {
  readonly type: 'assemble';
  readonly params: JsonObject;
  readonly parts: readonly MadeParts[];
  readonly keep: boolean;
  /** The bytes of the outputs that the target had last. */
  readonly before: Readonly<Record<string, Digest>>;
  /** Outputs that, where they are to be joined by their kind, are left to whoever asks. */
  readonly begun: readonly string[];
}

/** Parts as remembered, in order. */
export type MadeParts = PartBlock & { readonly made: Uint8Array };

export interface CommandTask extends Work {
  readonly type: 'command';
  /** The whole shell text, every brace filled in. */
  readonly text: string;
  readonly keep: boolean;
}

/** Takes outputs that a command has written. */
export interface KeepTask {
  readonly type: 'keep';
  readonly target: string;
  readonly cache: string;
  readonly outputs: Readonly<Record<string, StagedOutput>>;
  readonly keep: boolean;
}

/** What a finished task gives. */
export interface TaskResults {
  load: Readonly<Record<string, never>>;
  describe: DescribedRule;
  check: CheckedParams;
  whole: MadeOutputs;
  list: { readonly count: number };
  asks: { readonly questions: number };
  make: { readonly made: number };
  assemble: AssembledOutputs;
  command: { readonly outputs: Readonly<Record<string, ArtifactRecord | LateOutput>> };
  keep: MadeOutputs;
}

/** The record of an output of one file whose bytes may not be in the store yet: of a command that ran in a shell. */
export interface LateOutput {
  readonly kind: KindName;
  readonly digest: Digest;
  readonly bytes: LateObject;
}

/** Outputs that are whole, and those that are to be joined by their kind. */
export interface AssembledOutputs extends MadeOutputs {
  readonly joins: readonly string[];
}

export interface MadeOutputs {
  readonly outputs: Readonly<Record<string, ArtifactRecord>>;
}

/** What a task says while it runs. */
export type TaskMessage =
  | { readonly type: 'log'; readonly stream: 'out' | 'err'; readonly line: string }
  | { readonly type: 'progress'; readonly done: number; readonly total?: number; readonly unit?: string }
  /** Parts of a `list` task, in order. The host waits to be told which of them are to be made. */
  | { readonly type: 'listed'; readonly block: Omit<PartBlock, 'made'> }
  /** Those. */
  | { readonly type: 'parts'; readonly parts: PackedParts }
  /** Parts of a `make` task, in the order in which they were made. */
  | { readonly type: 'made'; readonly parts: readonly MadePart[] }
  | { readonly type: 'part-failed'; readonly key: Digest; readonly failure: TaskFailure }
  /** A question was asked for money, not answered from memory. */
  | { readonly type: 'asked' };

/** How a task failed. */
export type TaskFailure =
  /** The rule said it in its user's words. */
  | {
      readonly type: 'user-error';
      readonly message: string;
      readonly next?: string;
      /** Where vlmbuild said it in the rule's place. */
      readonly code?: DiagnosticCode;
      readonly facts?: Diagnostic['facts'];
    }
  /** A bug of the rule: with a stack mapped to its source. */
  | { readonly type: 'threw'; readonly message: string; readonly stack: string }
  | { readonly type: 'exit'; readonly code: number | null; readonly signal: string | null }
  /** The host died under the task. */
  | { readonly type: 'host-lost'; readonly code: number | null; readonly signal: string | null }
  /** A declared output was not written. */
  | { readonly type: 'output-absent'; readonly output: string; readonly path: string }
  /** A slice was read with another digest than was listed. */
  | { readonly type: 'input-changed'; readonly slice: string }
  | { readonly type: 'timeout'; readonly seconds: number }
  /** A file system call of vlmbuild's own failed: a full disk, a missing permission. */
  | { readonly type: 'system'; readonly code: string; readonly message: string; readonly path?: string }
  | { readonly type: 'aborted' };
