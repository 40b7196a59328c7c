import { createHash, type Hash } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { Digest } from '../base/digest.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { ObjectRef, ObjectStore } from '../store/objects.js';
import { ExtentReader } from '../store/extent-reader.js';
import type { Extent } from '../store/object-list.js';
import { SingleFileKind } from './file.js';
import type { JoinedParts } from './joined-parts.js';
import type { ArtifactRecord, Kind } from './kind.js';
import { Turn } from './pieces.js';
import { FileBehind } from './file-behind.js';
import { provenPrefix, type ProvenPrefix } from './proven-prefix.js';

const LF = 0x0a;

/** So often it is kept what all bytes until there come to. */
const MILESTONE = 1 << 20;

class JsonlKind extends SingleFileKind {
  readonly name = 'jsonl';

  async join(
    parts: JoinedParts,
    destination: string | null,
    objects: ObjectStore,
    keepWhole: boolean,
    before?: Digest,
  ): Promise<ArtifactRecord> {
    const extents = parts.extents();
    const was = before === undefined ? undefined : objects.members(before);
    const proven =
      before === undefined || was === undefined ? undefined : provenPrefix(extents, { extents: was, digest: before });
    const joined =
      (proven === undefined ? undefined : await concatenateProven(parts, extents, destination, objects, proven)) ??
      (await concatenate(parts, extents, destination, objects));
    // As the list of its parts' objects: what is shared with the last result is stored once.
    if (keepWhole) objects.putExtents(joined.extents, joined.whole);
    return { kind: 'jsonl', digest: joined.whole.sha256, bytes: joined.whole };
  }
}

interface Joined {
  readonly whole: ObjectRef;
  /** With milestones. */
  readonly extents: readonly Extent[];
}

/** Undefined, and no file, where it fails: what is to blame shows where each piece is checked. */
async function concatenateProven(
  parts: JoinedParts,
  extents: readonly Extent[],
  destination: string | null,
  objects: ObjectStore,
  proven: ProvenPrefix,
): Promise<Joined | undefined> {
  try {
    return await concatenate(parts, extents, destination, objects, proven);
  } catch {
    if (destination !== null) rmSync(destination, { force: true });
    return undefined;
  }
}

/**
 * Reads the parts in order, into a file if there is one.
 *
 * @throws UserFacingError where a part's last line has no end.
 * @throws CorruptObject
 */
async function concatenate(
  parts: JoinedParts,
  extents: readonly Extent[],
  destination: string | null,
  objects: ObjectStore,
  proven?: ProvenPrefix,
): Promise<Joined> {
  const reader = new ExtentReader(objects);
  const file = destination === null ? undefined : new FileBehind(destination);
  const hash = createHash('sha256');
  const turn = new Turn();
  const ends = new PartEnds(parts);
  const marked: Extent[] = [];
  let [size, end, milestone] = [0, 0, 0];
  try {
    // Not part by part: small ones lie next to each other in the store, some ten thousand in one extent.
    for await (const piece of reader.pieces(extents, proven?.extents)) {
      ends.check(piece);
      await file?.write(piece);
      hash.update(piece);
      size += piece.length;
      const extent = extents[marked.length];
      if (extent !== undefined && size === end + extent.size) {
        end = size;
        const isProof = marked.length + 1 === proven?.extents;
        const through = isProof || size - milestone >= MILESTONE ? digestOf(hash.copy()) : undefined;
        if (isProof && through !== proven.digest) throw new Error('what was joined before is other now');
        if (through !== undefined) milestone = size;
        marked.push(through === undefined ? extent : { ...extent, through });
      }
      // To find and open a file costs about as much as 16 KiB.
      if (turn.due(piece.length + (1 << 14))) await turn.pass();
    }
    await file?.finish();
    return { whole: { sha256: digestOf(hash), size }, extents: marked };
  } finally {
    await file?.discard();
    await reader.close();
  }
}

function digestOf(hash: Hash): Digest {
  return `sha256:${hash.digest('hex')}`;
}

/** Where parts end in their bytes, which come one after the other in pieces of any length. */
class PartEnds {
  readonly #parts: JoinedParts;
  readonly #sizes: Float64Array;
  #index = 0;
  /** Bytes of that part that are still to come. */
  #left: number;

  constructor(parts: JoinedParts) {
    this.#parts = parts;
    this.#sizes = parts.sizes();
    this.#left = this.#sizes[0] ?? 0;
  }

  /** @throws UserFacingError where a part that ends in the piece has no line end there. */
  check(piece: Uint8Array): void {
    let at = 0;
    for (let size = this.#sizes[this.#index]; size !== undefined; size = this.#sizes[this.#index]) {
      if (this.#left > piece.length - at) break;
      at += this.#left;
      // What has no bytes has no line to end.
      if (size > 0 && piece[at - 1] !== LF) throw new UserFacingError(artifactErrors.partWithoutLineEnd(this.#id()));
      this.#index++;
      this.#left = this.#sizes[this.#index] ?? 0;
    }
    this.#left -= piece.length - at;
  }

  #id(): string {
    return [...this.#parts.all()][this.#index]?.id ?? '';
  }
}

export const jsonlKind: Kind = new JsonlKind();
