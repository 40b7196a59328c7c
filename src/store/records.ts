import type { Digest } from '../base/digest.js';
import type { Json, JsonObject } from '../base/json.js';
import type { ObjectRef } from './objects.js';

/** What a file's content was when its stat was this. */
export interface StatRecord {
  /** Bytes. */
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  /** xxh64 of the bytes in hex: never leaves the machine, never names content. */
  readonly xxh64: string;
  readonly digest: Digest;
  /** Stat text of a database's `-wal`; empty where there is none. */
  readonly side: string;
  /** The file system's time when the record was made: times not older than this by more than a tick are not trusted. */
  readonly recordedNs: bigint;
}

/** An artifact that was made. The store knows no kinds: `kind` is a name to it. */
export interface StoredOutput {
  readonly kind: string;
  readonly digest: Digest;
  readonly bytes: ObjectRef;
}

/** The result of a key. */
export interface ActionRecord {
  readonly key: Digest;
  readonly target: string;
  readonly fingerprint: JsonObject;
  /** Digests of the rule's modules by name, for saying which one changed. */
  readonly modules: Readonly<Record<string, Digest>>;
  readonly outputs: Readonly<Record<string, StoredOutput>>;
  /** `made`: that time; absent in records that are older than it. */
  readonly parts: { readonly total: number; readonly failed: number; readonly made?: number } | null;
  readonly seconds: number;
  readonly run: string;
  /** The reason given to `accept`. */
  readonly accepted?: string;
  /** What only reasons need: names and digests by role. */
  readonly details: JsonObject;
}

export interface FailureRecord {
  readonly key: Digest;
  readonly message: string;
  readonly run: string;
  readonly log?: string;
}

/** What vlmbuild put at an output path. */
export interface OutputPathRecord {
  readonly target: string;
  readonly output: string;
  readonly kind: string;
  readonly digest: Digest;
  /** Digests by relative name, of a directory. */
  readonly directoryEntries?: Readonly<Record<string, Digest>>;
}

/** What the index has of it in one text, and whether it has entries in another. */
export type OutputPathRow = readonly [record: Omit<OutputPathRecord, 'directoryEntries'>, hasEntries: boolean];

export interface PartRecord {
  readonly key: Digest;
  readonly outputs: Readonly<Record<string, StoredOutput>>;
  readonly meta: JsonObject;
  readonly seconds: number;
}

/** A part as a target last listed it. */
export interface ListedPartRecord {
  readonly id: string;
  readonly key: Digest;
}

export interface RunRecord {
  readonly id: string;
  readonly startedMs: number;
  readonly seconds: number;
  /** `unfinished` until it ends. */
  readonly outcome: string;
  /** What was asked for; none for the pipeline's defaults, where these are many. */
  readonly targets: readonly string[];
  readonly args: JsonObject;
  readonly counts: JsonObject;
  readonly details: JsonObject;
}

/** What is known of a bracketed remote step; see src/rule/once.ts. */
export interface BracketRecord {
  readonly status: 'new' | 'open' | 'answered';
  /** Null unless answered. */
  readonly answer: Json;
  /** Oldest first. */
  readonly notes: readonly Json[];
}
