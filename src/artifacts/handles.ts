import type { Database } from 'better-sqlite3';
import type { Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import type { ObjectStore } from '../store/objects.js';
import type { ArtifactRecord, DirectoryEntry, KindName, Slice, SliceQuery } from './kind.js';

/** Thrown where a slice, when read, is not what was listed: the part must be listed again. */
export class SliceChanged extends Error {
  constructor(
    /** What changed, for people: a path, or a path and lines. */
    readonly slice: string,
  ) {
    super(`${slice} changed while it was read`);
    this.name = 'SliceChanged';
  }
}

// ---- what a rule is handed: structurally the interfaces of rule/roles.ts ----

interface Input {
  readonly path: string;
  readonly digest: Digest;
}
export interface FileInputHandle extends Input {
  text(): Promise<string>;
  bytes(): Promise<Uint8Array>;
}
export interface JsonlInputHandle extends Input {
  lines(): AsyncIterable<string>;
  rows(): AsyncIterable<Json>;
  blocks(): AsyncIterable<JsonlSliceHandle>;
}
export interface DirectoryInputHandle extends Input {
  entries(): AsyncIterable<DirectorySliceHandle>;
}
export interface SqliteInputHandle extends Input {
  open(): Database;
  slice(queries: Readonly<Record<string, SliceQuery>>): SqliteSliceHandle;
}
export interface JsonlSliceHandle {
  readonly kind: 'jsonl';
  readonly id: string;
  readonly digest: Digest;
  readonly offset: number;
  readonly length: number;
  lines(): AsyncIterable<string>;
  rows(): AsyncIterable<Json>;
  bytes(): Promise<Uint8Array>;
}
export interface DirectorySliceHandle {
  readonly kind: 'directory';
  readonly id: string;
  readonly name: string;
  readonly digest: Digest;
  readonly path: string;
  readonly size: number;
  text(): Promise<string>;
  bytes(): Promise<Uint8Array>;
}
export interface SqliteSliceHandle {
  readonly kind: 'sqlite';
  readonly digest: Digest;
  rows(query: string): Iterable<Record<string, unknown>>;
}
export interface FileOutputHandle {
  readonly path: string;
  write(data: string | Uint8Array): Promise<void>;
}
export interface JsonlOutputHandle {
  readonly path: string;
  append(line: string | Uint8Array): void;
}
export interface DirectoryOutputHandle {
  readonly path: string;
  add(name: string, data: string | Uint8Array): Promise<void>;
}
export interface SqliteOutputHandle {
  readonly path: string;
  open(): Database;
}

export interface InputHandleByKind {
  file: FileInputHandle;
  directory: DirectoryInputHandle;
  jsonl: JsonlInputHandle;
  sqlite: SqliteInputHandle;
}
export interface OutputHandleByKind {
  file: FileOutputHandle;
  directory: DirectoryOutputHandle;
  jsonl: JsonlOutputHandle;
  sqlite: SqliteOutputHandle;
}
export type SliceHandle = JsonlSliceHandle | DirectorySliceHandle | SqliteSliceHandle;
export type InputHandle = InputHandleByKind[KindName];
export type OutputHandle = OutputHandleByKind[KindName];

// ---- opening them ----

export interface OpenedInput {
  readonly handle: InputHandle;
  close(): void;
}
export interface OpenedSlice {
  readonly handle: SliceHandle;
  /** After the part is made: @throws SliceChanged where a file that was read by its path is no longer the same. */
  verify(): void;
  close(): void;
}
export interface OpenedOutput {
  readonly handle: OutputHandle;
  /** Writes what is buffered and closes: after this the staged file is whole. */
  finish(): void;
  /** Closes without writing: the part failed. */
  discard(): void;
}

export interface OpenInputOptions {
  /** The files of a directory with their digests, where somebody remembers them; otherwise they are read. */
  entries?(path: string): Promise<readonly DirectoryEntry[]>;
}

export function openInput(
  handed: { readonly kind: KindName; readonly path: string; readonly digest: Digest },
  options?: OpenInputOptions,
): OpenedInput {
  throw new Error(`not yet: ${handed.path} ${typeof options}`);
}

export function openOutput(staged: { readonly kind: KindName; readonly path: string }): OpenedOutput {
  throw new Error(`not yet: ${staged.path}`);
}

/** Opens a slice in the process that makes the part. */
export function openSlice(slice: Slice): OpenedSlice {
  throw new Error(`not yet: ${slice.path}`);
}

/** What must cross to another process for `openSlice` there. @throws TypeError for what is no slice handle. */
export function sliceOf(handle: object): Slice {
  throw new Error(`not yet: ${typeof handle}`);
}

/** A part's output, to read in `assemble`; materialised below `scratch` only where a rule asks for its path. */
export function openMade(record: ArtifactRecord, objects: ObjectStore, scratch: string): OpenedInput {
  throw new Error(`not yet: ${record.digest} ${typeof objects} ${scratch}`);
}
