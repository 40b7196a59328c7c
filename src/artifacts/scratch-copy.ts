import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { ObjectStore } from '../store/objects.js';
import type { ArtifactRecord } from './kind.js';

/**
 * The path of a stored artifact, copied below `scratch` when it is first asked for: verified on the way, and the store's
 * own blob is out of reach of what a rule does with the path.
 */
export function scratchCopy(
  record: ArtifactRecord,
  objects: ObjectStore,
  scratch: string,
  extension: string,
): () => string {
  let path: string | undefined;
  return () => {
    if (path === undefined) {
      mkdirSync(scratch, { recursive: true });
      const fresh = join(mkdtempSync(join(scratch, 'made-')), `output${extension}`);
      objects.copyTo(record.bytes, fresh);
      path = fresh;
    }
    return path;
  };
}
