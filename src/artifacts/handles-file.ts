import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { ObjectStore } from '../store/objects.js';
import type { FileInputHandle, OpenedInput, OpenedOutput } from './handle-types.js';
import type { ArtifactRecord } from './kind.js';
import { concatPieces } from './pieces.js';
import { scratchCopy } from './scratch-copy.js';

export function openFileInput(input: {
  readonly path: string;
  readonly digest: FileInputHandle['digest'];
}): OpenedInput {
  const handle: FileInputHandle = {
    path: input.path,
    digest: input.digest,
    text: async () => readFileSync(input.path, 'utf8'),
    bytes: async () => readFileSync(input.path),
  };
  return { handle, close: () => undefined };
}

export function openFileOutput(path: string, hold: number): OpenedOutput {
  let closed = false;
  let held: Uint8Array | undefined;
  let most = hold;
  const toDisk = (data: string | Uint8Array): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, data);
  };
  const handle = {
    /** Whoever asks for the path may read or write there. */
    get path(): string {
      if (held !== undefined) toDisk(held);
      held = undefined;
      most = 0;
      return path;
    },
    async write(data: string | Uint8Array): Promise<void> {
      if (closed) throw new UserFacingError(artifactErrors.closed(path));
      held = undefined;
      if (data.length >= most) {
        most = 0;
        toDisk(data);
      } else held = Buffer.from(data);
    },
  };
  return {
    handle,
    finish() {
      closed = true;
      return held;
    },
    discard() {
      closed = true;
    },
  };
}

export function openMadeFile(record: ArtifactRecord, objects: ObjectStore, scratch: string): OpenedInput {
  const path = scratchCopy(record, objects, scratch, '');
  const bytes = (): Buffer => concatPieces(objects.read(record.bytes));
  const handle: FileInputHandle = {
    digest: record.digest,
    get path() {
      return path();
    },
    text: async () => bytes().toString('utf8'),
    bytes: async () => bytes(),
  };
  return { handle, close: () => undefined };
}
