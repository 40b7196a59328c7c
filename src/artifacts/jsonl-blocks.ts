import type { Digest } from '../base/digest.js';

/** Whole lines of a file that go together. */
export interface JsonlBlock {
  /** `block-` and 12 hex digits of the digest; `.2`, `.3` … where the same content recurs in the file. */
  readonly id: string;
  readonly digest: Digest;
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
  /** Number of its first line in the file, from 1. */
  readonly firstLine: number;
  readonly lines: number;
}

/** The content-defined blocks of a file, in order; joined they are the file. */
export async function* jsonlBlocks(path: string): AsyncGenerator<JsonlBlock> {
  throw new Error(`not yet: ${path}`);
  yield undefined as never;
}
