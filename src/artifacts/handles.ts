import type { Digest } from '../base/digest.js';
import { EXTENT_BYTES } from '../store/cut.js';
import type { ObjectStore } from '../store/objects.js';
import type { OpenedInput, OpenedOutput, OpenedSlice, OpenInputOptions } from './handle-types.js';
import { openDirectoryInput, openDirectoryOutput, openDirectorySlice, openMadeDirectory } from './handles-directory.js';
import { openFileInput, openFileOutput, openMadeFile } from './handles-file.js';
import { openJsonlInput, openJsonlOutput, openJsonlSlice, openMadeJsonl } from './handles-jsonl.js';
import type { Readings } from './handles-sqlite.js';
import { openMadeSqlite, openSqliteInput, openSqliteOutput, openSqliteSlice } from './handles-sqlite.js';
import type { ArtifactRecord, KindName, Slice } from './kind.js';

export { Readings } from './handles-sqlite.js';
export { SliceChanged, sliceOf, sliceValues } from './slices.js';
export type { InputHandle, OpenedInput, OpenedOutput, OpenedSlice, OpenInputOptions } from './handle-types.js';

/** What a rule reads of an input. */
export function openInput(
  handed: { readonly kind: KindName; readonly path: string; readonly copyOf?: string; readonly digest: Digest },
  options: OpenInputOptions = {},
): OpenedInput {
  switch (handed.kind) {
    case 'file':
      return openFileInput(handed);
    case 'directory':
      return openDirectoryInput(handed, options);
    case 'jsonl':
      return openJsonlInput(handed);
    case 'sqlite':
      return openSqliteInput(handed, options.slices);
  }
}

/**
 * What a rule writes to, at a staged path at which there is nothing.
 *
 * @param held whether a small output that is written through its handle alone may stay in memory: `finish` gives it
 */
export function openOutput(
  staged: { readonly kind: KindName; readonly path: string },
  held: 'held' | 'on disk' = 'on disk',
): OpenedOutput {
  const hold = held === 'held' ? EXTENT_BYTES : 0;
  switch (staged.kind) {
    case 'file':
      return openFileOutput(staged.path, hold);
    case 'directory':
      return openDirectoryOutput(staged.path);
    case 'jsonl':
      return openJsonlOutput(staged.path, hold);
    case 'sqlite':
      return openSqliteOutput(staged.path);
  }
}

/** Opens a slice in the process that makes the part; databases with the others of `readings`. */
export function openSlice(slice: Slice, readings: Readings): OpenedSlice {
  switch (slice.kind) {
    case 'directory':
      return openDirectorySlice(slice);
    case 'jsonl':
      return openJsonlSlice(slice);
    case 'sqlite':
      return openSqliteSlice(slice, readings);
  }
}

/** A part's output, to read in `assemble`; copied below `scratch` only where a rule asks for its path. */
export function openMade(record: ArtifactRecord, objects: ObjectStore, scratch: string): OpenedInput {
  switch (record.kind) {
    case 'file':
      return openMadeFile(record, objects, scratch);
    case 'directory':
      return openMadeDirectory(record, objects, scratch);
    case 'jsonl':
      return openMadeJsonl(record, objects, scratch);
    case 'sqlite':
      return openMadeSqlite(record, objects, scratch);
  }
}
