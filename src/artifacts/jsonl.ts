import { createHash } from 'node:crypto';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { ObjectRef, ObjectStore } from '../store/objects.js';
import { SingleFileKind } from './file.js';
import type { ArtifactRecord, JoinedPart, Kind } from './kind.js';
import { Turn } from './pieces.js';
import { BufferedFile } from './buffered-file.js';

const LF = 0x0a;

class JsonlKind extends SingleFileKind {
  readonly name = 'jsonl';

  async join(
    parts: readonly JoinedPart[],
    destination: string | null,
    objects: ObjectStore,
    keepWhole: boolean,
  ): Promise<ArtifactRecord> {
    const file = destination === null ? undefined : new BufferedFile(destination, 0);
    try {
      const whole = await concatenate(parts, objects, file);
      file?.finish();
      // As the list of its parts' objects: what is shared with the last result is stored once.
      if (keepWhole)
        objects.putList(
          parts.map((part) => part.bytes),
          whole,
        );
      return { kind: 'jsonl', digest: whole.sha256, bytes: whole };
    } finally {
      file?.discard();
    }
  }
}

/** Reads the parts in order, into a file if there is one. @throws UserFacingError where a part's last line has no end. */
async function concatenate(
  parts: readonly JoinedPart[],
  objects: ObjectStore,
  file: BufferedFile | undefined,
): Promise<ObjectRef> {
  const hash = createHash('sha256');
  const turn = new Turn();
  let size = 0;
  for (const [index, part] of parts.entries()) {
    let last = LF;
    for (const piece of objects.read(part.bytes)) {
      hash.update(piece);
      file?.write(piece);
      size += piece.length;
      last = piece.at(-1) ?? last;
      if (turn.due(piece.length)) await turn.pass();
    }
    // A part costs about as much as 16 KiB, however small it is.
    if (turn.due(1 << 14)) await turn.pass();
    if (last !== LF) throw new UserFacingError(artifactErrors.partWithoutLineEnd(part.id ?? `#${index + 1}`));
  }
  return { sha256: `sha256:${hash.digest('hex')}`, size };
}

export const jsonlKind: Kind = new JsonlKind();
