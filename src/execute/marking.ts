import { storedEntries } from '../artifacts/directory.js';
import type { Digest } from '../base/digest.js';
import type { StoredObject } from '../store/gc-objects.js';
import { holderOf, type ObjectStore } from '../store/objects.js';
import type { StoredOutput } from '../store/records.js';

/** Bytes of a blob that something needs: a list, or (`list` undefined) a part. */
interface Piece {
  readonly from: number;
  readonly size: number;
  readonly list: Digest | undefined;
}

/** A blob of which only pieces are needed. */
export interface NeededPieces {
  readonly blob: Digest;
  readonly size: number;
  /** In order, apart from each other. */
  readonly stretches: readonly { readonly from: number; readonly size: number }[];
  /** Lists that have pieces of it. */
  readonly lists: ReadonlySet<Digest>;
}

/** Which objects are needed: by walking from outputs to lists, manifests and blobs. */
export class Marking {
  readonly #marked = new Set<Digest>();
  /** Those of which not only pieces are needed. */
  readonly #whole = new Set<Digest>();
  readonly #pieces = new Map<Digest, Piece[]>();
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
    const { size, inside } = bytes;
    if (inside === undefined) this.object(bytes.sha256);
    else this.#piece(inside.blob, { from: inside.from, size, list: undefined });
    if (kind === 'directory') for (const entry of this.#entries({ kind, digest, bytes })) this.object(entry);
    return this.bytes - before;
  }

  object(digest: Digest): void {
    if (this.#whole.has(digest)) return;
    const object = this.#mark(digest);
    if (object === undefined) return;
    this.#whole.add(digest);
    // Where there is a blob too, it is read before the list is.
    if (!object.list) return;
    for (const { sha256, size, from } of this.store.members(digest) ?? []) {
      if (from === undefined) this.object(sha256);
      else this.#piece(sha256, { from, size, list: digest });
    }
  }

  /** Blobs of which nothing but pieces is needed, and what of them. */
  *pieces(): Generator<NeededPieces> {
    for (const [blob, pieces] of this.#pieces) {
      if (this.#whole.has(blob)) continue;
      const lists = new Set(pieces.flatMap(({ list }) => list ?? []));
      yield { blob, size: this.stored.get(blob)?.bytes ?? 0, stretches: stretchesOf(pieces), lists };
    }
  }

  #piece(blob: Digest, piece: Piece): void {
    if (this.#mark(blob) === undefined) return;
    const pieces = this.#pieces.get(blob);
    if (pieces === undefined) this.#pieces.set(blob, [piece]);
    else pieces.push(piece);
  }

  #mark(digest: Digest): StoredObject | undefined {
    const object = this.stored.get(digest);
    if (object === undefined || this.#marked.has(digest)) return object;
    this.#marked.add(digest);
    this.bytes += object.bytes;
    return object;
  }

  /** How many bytes an output needs that nothing else does, without marking. */
  cost({ kind, digest, bytes }: StoredOutput): number {
    const seen = new Set<Digest>();
    const cost = (name: Digest): number => {
      const object = this.stored.get(name);
      if (object === undefined || this.#marked.has(name) || seen.has(name)) return 0;
      seen.add(name);
      const members = object.list ? (this.store.members(name) ?? []) : [];
      return members.reduce((sum, member) => sum + cost(member.sha256), object.bytes);
    };
    // A piece of a blob that stays anyway: without it, the others are moved together.
    const { size, inside } = bytes;
    const isPiece = inside !== undefined && this.#marked.has(inside.blob) && !this.#whole.has(inside.blob);
    let sum = isPiece ? size : cost(holderOf(bytes));
    if (kind === 'directory' && !this.#opened.has(bytes.sha256))
      for (const entry of filesOf({ kind, digest, bytes }, this.store)) sum += cost(entry);
    return sum;
  }

  #entries(output: StoredOutput): readonly Digest[] {
    if (this.#opened.has(output.bytes.sha256)) return [];
    this.#opened.add(output.bytes.sha256);
    return filesOf(output, this.store);
  }
}

function stretchesOf(pieces: readonly Piece[]): { readonly from: number; readonly size: number }[] {
  const stretches: { from: number; size: number }[] = [];
  for (const { from, size } of pieces.toSorted((a, b) => a.from - b.from)) {
    const last = stretches.at(-1);
    if (last !== undefined && from <= last.from + last.size) last.size = Math.max(last.size, from + size - last.from);
    else stretches.push({ from, size });
  }
  return stretches;
}

/** The files of a directory; none where its manifest is gone or damaged: then nothing can be restored of it. */
function filesOf(output: StoredOutput, store: ObjectStore): Digest[] {
  return (storedEntries(output, store) ?? []).map(({ sha256 }) => sha256);
}
