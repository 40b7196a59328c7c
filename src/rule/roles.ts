import type { Database } from 'better-sqlite3';
import type { KindName, SliceQuery } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';

/**
 * What a rule says of one of its inputs or outputs, and what it is handed for it when it runs.
 * Every handle has a `path`, so that any library works on it; the kinds add readers and writers.
 */
export interface Role<K extends KindName, List extends boolean = false, Optional extends boolean = false> {
  readonly kind: K;
  readonly isList: List;
  readonly isOptional: Optional;
  /** Set by {@link fromParam}. */
  readonly param?: string;
  /** An input that takes several references, or a glob: the rule gets an array, in order. */
  list(): Role<K, true, Optional>;
  /** The pipeline may leave it out: the rule gets `undefined`. */
  optional(): Role<K, List, true>;
  /**
   * An input that is left out may be given by this param instead, a text: what it names is part of the key, as that of
   * any input is. Optional, but what the param names has to be there.
   */
  fromParam(name: string): Role<K, List, true>;
}

// ---- what a rule reads ----

interface Input {
  /** Where to read it. Read-only. */
  readonly path: string;
  readonly digest: Digest;
}

export interface FileInput extends Input {
  text(): Promise<string>;
  bytes(): Promise<Uint8Array>;
}

export interface JsonlInput extends Input {
  /** The lines without their ends (LF, or CRLF), streaming; a last line without an end counts. */
  lines(): AsyncIterable<string>;
  /** The same in bytes, of any length. Each is valid until the next is asked for: the memory is used again. */
  lineBytes(): AsyncIterable<Uint8Array>;
  /** Each line parsed. @throws UserError naming the line that is not JSON. */
  rows(): AsyncIterable<Json>;
  /** Content-defined blocks of whole lines (docs/rules.md): an inserted row changes one of them. */
  blocks(): AsyncIterable<JsonlSlice>;
}

export interface DirectoryInput extends Input {
  /** The files, in byte order of their relative names. */
  entries(): AsyncIterable<DirectorySlice>;
}

export interface SqliteInput extends Input {
  /** Opens the database read-only; the caller closes it. */
  open(): Database;
  /** A slice: the result rows of the named queries, digested here, and read again by the part's `make`. */
  slice(queries: Readonly<Record<string, SliceQuery>>): SqliteSlice;
}

// ---- slices: what a part reads ----

interface AnySlice {
  readonly kind: KindName;
  readonly digest: Digest;
}

export interface JsonlSlice extends AnySlice {
  readonly kind: 'jsonl';
  /** Fit for people: `block-` and the first 12 hex digits of the digest, `.2`, `.3` … where the same is asked for again. */
  readonly id: string;
  /** Bytes from the start of the file, and how many: whole lines. */
  readonly offset: number;
  readonly length: number;
  lines(): AsyncIterable<string>;
  rows(): AsyncIterable<Json>;
  /** The block's bytes (at most 4 MiB unless one line is longer), until the part is made: then the memory is used again. */
  bytes(): Promise<Uint8Array>;
  /** Reads bytes from an offset in the block on, as many as there are and fit, without holding the others; says how many. */
  read(into: Uint8Array, offset: number): number;
}

export interface DirectorySlice extends AnySlice {
  readonly kind: 'directory';
  /** The entry's relative name, with `/`. */
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly size: number;
  text(): Promise<string>;
  bytes(): Promise<Uint8Array>;
}

export interface SqliteSlice extends AnySlice {
  readonly kind: 'sqlite';
  /** The rows of one of the slice's queries, streaming, as objects by column name. */
  rows(query: string): Iterable<Record<string, unknown>>;
}

export type RuleSlice = JsonlSlice | DirectorySlice | SqliteSlice;

// ---- what a rule writes ----

export interface FileOutput {
  readonly path: string;
  write(data: string | Uint8Array): Promise<void>;
}

export interface JsonlOutput {
  readonly path: string;
  /** Appends one line; the line end is added. Buffered and written in large pieces. */
  append(line: string | Uint8Array): void;
  /** Appends whole lines with their ends; a last one without an end gets it. */
  appendLines(lines: Uint8Array): void;
}

export interface DirectoryOutput {
  readonly path: string;
  /** Writes a file below the directory; folders in the name are made. @throws UserError for a name that leads outside. */
  add(name: string, data: string | Uint8Array): Promise<void>;
}

export interface SqliteOutput {
  readonly path: string;
  /** Opens the new, empty database for writing. Closed by the engine if the rule leaves it open. */
  open(): Database;
}

// ---- from roles to handles ----

interface InputHandles {
  file: FileInput;
  directory: DirectoryInput;
  jsonl: JsonlInput;
  sqlite: SqliteInput;
}
interface OutputHandles {
  file: FileOutput;
  directory: DirectoryOutput;
  jsonl: JsonlOutput;
  sqlite: SqliteOutput;
}
export type AnyRole = Role<KindName, boolean, boolean>;
export type Roles = Readonly<Record<string, AnyRole>>;

type InputOf<R> =
  R extends Role<infer K, infer L, infer O>
    ? (L extends true ? readonly InputHandles[K][] : InputHandles[K]) | (O extends true ? undefined : never)
    : never;
type OutputOf<R> =
  R extends Role<infer K, boolean, infer O> ? OutputHandles[K] | (O extends true ? undefined : never) : never;
type ReadOf<R> =
  R extends Role<infer K, boolean, infer O> ? InputHandles[K] | (O extends true ? undefined : never) : never;

/** The handles a rule gets for its inputs. */
export type InputsOf<R extends Roles> = { readonly [N in keyof R]: InputOf<R[N]> };
/** The handles a rule gets for its outputs: `undefined` where an optional one is not wanted. */
export type OutputsOf<R extends Roles> = { readonly [N in keyof R]: OutputOf<R[N]> };
/** A part's outputs, to read: what `assemble` gets. */
export type ReadsOf<R extends Roles> = { readonly [N in keyof R]: ReadOf<R[N]> };

/** The names of the outputs that can be joined by their kind. */
export type JoinableOf<R extends Roles> = {
  readonly [N in keyof R]: R[N]['kind'] extends 'jsonl' | 'directory' ? N : never;
}[keyof R] &
  string;

function role<K extends KindName, L extends boolean, O extends boolean>(
  kind: K,
  isList: L,
  isOptional: O,
  param?: string,
): Role<K, L, O> {
  return {
    kind,
    isList,
    isOptional,
    ...(param === undefined ? {} : { param }),
    list: () => role(kind, true, isOptional, param),
    optional: () => role(kind, isList, true, param),
    fromParam: (name) => role(kind, isList, true, name),
  };
}

/** A single file, identified by its bytes. */
export const file = (): Role<'file'> => role('file', false, false);
/** A folder of files, identified by names, exec bits and bytes. */
export const directory = (): Role<'directory'> => role('directory', false, false);
/** A file of JSON lines, identified by its bytes, read in rows and blocks of rows. */
export const jsonl = (): Role<'jsonl'> => role('jsonl', false, false);
/** A SQLite database, identified by its logical content, read by queries. */
export const sqlite = (): Role<'sqlite'> => role('sqlite', false, false);
