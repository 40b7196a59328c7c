import type { Database } from 'better-sqlite3';
import type { Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import type { SlicesMemory } from './remembered-slices.js';
import type { DirectoryEntry, KindName, SliceQuery } from './kind.js';

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
  lineBytes(): AsyncIterable<Uint8Array>;
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
  read(into: Uint8Array, offset: number): number;
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
interface FileOutputHandle {
  readonly path: string;
  write(data: string | Uint8Array): Promise<void>;
}
interface JsonlOutputHandle {
  readonly path: string;
  append(line: string | Uint8Array): void;
  appendLines(lines: Uint8Array): void;
}
interface DirectoryOutputHandle {
  readonly path: string;
  add(name: string, data: string | Uint8Array): Promise<void>;
}
interface SqliteOutputHandle {
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
type SliceHandle = JsonlSliceHandle | DirectorySliceHandle | SqliteSliceHandle;
export type InputHandle = InputHandleByKind[KindName];
type OutputHandle = OutputHandleByKind[KindName];

// ---- opening them ----

export interface OpenedInput {
  readonly handle: InputHandle;
  /** Once a rule has listed all slices that it wants of it. */
  readonly listed?: () => void;
  readonly close: () => void;
}
export interface OpenedSlice {
  readonly handle: SliceHandle;
  /**
   * After the part is made: @throws SliceChanged where a file that was read by its path is no longer the same, and again
   * what a rule was thrown and did not pass on.
   */
  readonly verify: () => void;
  readonly close: () => void;
}
export interface OpenedOutput {
  readonly handle: OutputHandle;
  /** Writes what is buffered and closes: after this the staged file is whole; or gives the bytes of what has no file, until `discard`. */
  readonly finish: () => Uint8Array | undefined;
  /** Closes without writing: the part failed. */
  readonly discard: () => void;
}

export interface OpenInputOptions {
  /** Where slices of databases are remembered from one listing to the next. */
  readonly slices?: SlicesMemory;
  /** The files of a directory with their digests, where somebody remembers them; otherwise they are read. */
  readonly entries?: (path: string) => Promise<readonly DirectoryEntry[]>;
}
