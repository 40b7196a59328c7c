import { readManifest } from '../artifacts/directory.js';
import type { ArtifactRecord } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import type { StoredObject } from '../store/gc-objects.js';
import { CorruptObject, holderOf, type ObjectStore } from '../store/objects.js';
import type { StoredOutput } from '../store/records.js';

/** Which objects are needed: by walking from outputs to lists, manifests and blobs. */
export class Marking {
  readonly #marked = new Set<Digest>();
  /** Manifests whose entries are marked: the same bytes may be kept as a file too. */
  readonly #opened = new Set<Digest>();
  bytes = 0;

  constructor(
    private readonly store: ObjectStore,
    private readonly stored: ReadonlyMap<Digest, StoredObject>,
  ) {}

  has(digest: Digest): boolean {
    return this.#marked.has(digest);
  }

  /** Marks all that an output needs; gives how many bytes that adds. */
  output({ kind, digest, bytes }: StoredOutput): number {
    const before = this.bytes;
    this.object(holderOf(bytes));
    if (kind === 'directory') for (const entry of this.#entries({ kind, digest, bytes })) this.object(entry);
    return this.bytes - before;
  }

  object(digest: Digest): void {
    const object = this.stored.get(digest);
    if (object === undefined || this.#marked.has(digest)) return;
    this.#marked.add(digest);
    this.bytes += object.bytes;
    // Where there is a blob too, it is read before the list is.
    if (object.list) for (const member of this.store.members(digest) ?? []) this.object(member.sha256);
  }

  /** How many bytes `output` would add, without marking. */
  cost({ kind, digest, bytes }: StoredOutput): number {
    const seen = new Set<Digest>();
    const cost = (name: Digest): number => {
      const object = this.stored.get(name);
      if (object === undefined || this.#marked.has(name) || seen.has(name)) return 0;
      seen.add(name);
      const members = object.list ? (this.store.members(name) ?? []) : [];
      return members.reduce((sum, member) => sum + cost(member.sha256), object.bytes);
    };
    let sum = cost(holderOf(bytes));
    if (kind === 'directory' && !this.#opened.has(bytes.sha256))
      for (const entry of entriesOf({ kind, digest, bytes }, this.store)) sum += cost(entry);
    return sum;
  }

  #entries(output: StoredOutput): readonly Digest[] {
    if (this.#opened.has(output.bytes.sha256)) return [];
    this.#opened.add(output.bytes.sha256);
    return entriesOf(output, this.store);
  }
}

/** The files of a directory; none where its manifest is gone or damaged: then nothing can be restored of it. */
function entriesOf(output: StoredOutput, store: ObjectStore): Digest[] {
  try {
    return readManifest(output as ArtifactRecord, store).map(({ sha256 }) => sha256);
  } catch (error) {
    if (error instanceof CorruptObject || (error instanceof Error && error.message.includes('manifest'))) return [];
    throw error;
  }
}
