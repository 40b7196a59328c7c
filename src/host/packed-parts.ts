import { deserialize, serialize } from 'node:v8';
import type { Slice, SliceQuery } from '../artifacts/kind.js';
import type { ListedPart } from './protocol.js';

/**
 * Parts on their way from the host that lists them to those that make them, each as its bytes: what is between need not
 * know what is in them, and there may be a hundred thousand.
 */
export interface PackedParts {
  readonly bytes: Uint8Array;
  /** Where each ends. */
  readonly ends: Uint32Array;
}

export function packParts(parts: readonly ListedPart[]): PackedParts {
  return joinPacked(parts.map(packed));
}

/** Of parts that are packed one by one. */
export function joinPacked(all: readonly Uint8Array[]): PackedParts {
  let end = 0;
  const ends = Uint32Array.from(all, ({ length }) => (end += length));
  return { bytes: Buffer.concat(all, end), ends };
}

export function* unpackParts({ bytes, ends }: PackedParts): Generator<ListedPart> {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let start = 0;
  for (const end of ends) {
    yield unpacked(all.subarray(start, end));
    start = end;
  }
}

/** As JSON, which nearly all are, or as V8 clones values: each begins otherwise. */
function packed(part: ListedPart): Buffer {
  return Object.values(part.slices).every(isJson) ? Buffer.from(JSON.stringify(part)) : serialize(part);
}

function unpacked(bytes: Buffer): ListedPart {
  return (bytes[0] === OPENING ? JSON.parse(bytes.toString()) : deserialize(bytes)) as ListedPart;
}

const OPENING = 0x7b;

/** What a query is asked with may be what JSON has no form for. */
function isJson(slice: Slice): boolean {
  return slice.kind !== 'sqlite' || Object.values(slice.queries).every(hasPlainValues);
}

function hasPlainValues(query: SliceQuery): boolean {
  const values: unknown = ('table' in query ? query.values : query.args) ?? [];
  return Array.isArray(values) && values.every(isPlain);
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === 'string' || value === null;
}
