import { createHash } from 'node:crypto';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { ObjectRef, ObjectStore } from '../store/objects.js';
import { ExtentReader } from '../store/extent-reader.js';
import { SingleFileKind } from './file.js';
import type { JoinedParts } from './joined-parts.js';
import type { ArtifactRecord, Kind } from './kind.js';
import { Turn } from './pieces.js';
import { FileBehind } from './file-behind.js';

const LF = 0x0a;

class JsonlKind extends SingleFileKind {
  readonly name = 'jsonl';

  async join(
    parts: JoinedParts,
    destination: string | null,
    objects: ObjectStore,
    keepWhole: boolean,
  ): Promise<ArtifactRecord> {
    const reader = new ExtentReader(objects);
    const file = destination === null ? undefined : new FileBehind(destination);
    try {
      const whole = await concatenate(parts, reader, file);
      await file?.finish();
      // As the list of its parts' objects: what is shared with the last result is stored once.
      if (keepWhole) objects.putExtents(parts.extents(), whole);
      return { kind: 'jsonl', digest: whole.sha256, bytes: whole };
    } finally {
      await file?.discard();
      reader.close();
    }
  }
}

/** Reads the parts in order, into a file if there is one. @throws UserFacingError where a part's last line has no end. */
async function concatenate(parts: JoinedParts, reader: ExtentReader, file: FileBehind | undefined): Promise<ObjectRef> {
  const hash = createHash('sha256');
  const turn = new Turn();
  const ends = new PartEnds(parts);
  let size = 0;
  // Not part by part: small ones lie next to each other in the store, some ten thousand in one extent.
  for (const piece of reader.pieces(parts.extents())) {
    ends.check(piece);
    await file?.write(piece);
    hash.update(piece);
    size += piece.length;
    // To find and open a file costs about as much as 16 KiB.
    if (turn.due(piece.length + (1 << 14))) await turn.pass();
  }
  return { sha256: `sha256:${hash.digest('hex')}`, size };
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
