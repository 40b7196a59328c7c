import type { Digest } from '../base/digest.js';

/** Bytes by name: the digest of the whole, and how many they are. */
export interface ObjectRef {
  readonly sha256: Digest;
  readonly size: number;
}

/** What is stored is not what its name says, or a piece of it is gone. A damaged blob is dropped before this is thrown. */
export class CorruptObject extends Error {
  readonly digest: Digest;
  readonly problem: 'corrupt' | 'missing';

  constructor(digest: Digest, problem: 'corrupt' | 'missing') {
    super(`stored object ${digest} is ${problem}`);
    this.name = 'CorruptObject';
    this.digest = digest;
    this.problem = problem;
  }
}

/* eslint-disable */
const later = (..._: unknown[]): never => {
  throw new Error('not written yet');
};

export class ObjectStore {
  constructor(folder: string) {
    void folder;
  }
  has(digest: Digest): boolean {
    return later(digest);
  }
  /** Those of `digests` that are not all there. */
  missing(digests: Iterable<Digest>): Digest[] {
    return later(digests);
  }
  putBytes(data: Uint8Array): ObjectRef {
    return later(data);
  }
  putFile(path: string): ObjectRef {
    return later(path);
  }
  putList(members: readonly ObjectRef[], whole: ObjectRef): void {
    later(members, whole);
  }
  /** Of a list; undefined for a blob. */
  members(digest: Digest): readonly ObjectRef[] | undefined {
    return later(digest);
  }
  *read(digest: Digest): Generator<Buffer, void, undefined> {
    later(digest);
  }
  copyTo(digest: Digest, destination: string, options: { readonly executable?: boolean } = {}): void {
    later(digest, destination, options);
  }
  blobPath(digest: Digest): string | undefined {
    return later(digest);
  }
  materialize(digest: Digest, scratch: string): string {
    return later(digest, scratch);
  }
}
