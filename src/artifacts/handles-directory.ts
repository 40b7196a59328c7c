import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { sha256, type Digest } from '../base/digest.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { ObjectStore } from '../store/objects.js';
import { directoryEntries, readManifest, writeEntries } from './directory.js';
import type {
  DirectoryInputHandle,
  DirectorySliceHandle,
  OpenedInput,
  OpenedOutput,
  OpenedSlice,
  OpenInputOptions,
} from './handle-types.js';
import type { ArtifactRecord, DirectoryEntry, Slice } from './kind.js';
import { isIgnored } from './listing.js';
import { manifestDigest } from './manifest.js';
import { concatPieces } from './pieces.js';
import { ChangeWitness, registerSlice, type SliceChanged } from './slices.js';

type EntrySlice = Extract<Slice, { kind: 'directory' }>;

export function openDirectoryInput(
  input: { readonly path: string; readonly digest: Digest },
  options: OpenInputOptions,
): OpenedInput {
  const { path, digest } = input;
  const list = options.entries ?? directoryEntries;
  const handle: DirectoryInputHandle = {
    path,
    digest,
    async *entries() {
      for (const entry of await list(path)) yield entryHandle(entrySlice(path, entry)).handle;
    },
  };
  return { handle, close: () => undefined };
}

function entrySlice(path: string, entry: DirectoryEntry): EntrySlice {
  return { kind: 'directory', path, digest: manifestDigest([entry]), entry };
}

export function openDirectorySlice(slice: EntrySlice): OpenedSlice {
  const { handle, verify } = entryHandle(slice);
  return { handle, verify, close: () => undefined };
}

/**
 * What is read through the handle is compared with the digest before it is handed out. What a library reads by the
 * path is compared when the path is asked for, and once more by stat in `verify`, when the part is made.
 */
function entryHandle(slice: EntrySlice): { readonly handle: DirectorySliceHandle; readonly verify: () => void } {
  const { name, executable, size, sha256: expected } = slice.entry;
  const path = join(slice.path, name);
  const witness = new ChangeWitness();
  const changed = (): SliceChanged => witness.changed(path);
  let shown: string | undefined;
  const stamp = (): string => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat?.isFile() !== true || stat.size !== BigInt(size) || ((stat.mode & 0o111n) !== 0n) !== executable)
      throw changed();
    return `${stat.mtimeNs} ${stat.ctimeNs} ${stat.ino}`;
  };
  const read = (): Buffer => {
    stamp();
    const bytes = readFileSync(path);
    if (sha256(bytes) !== expected) throw changed();
    return bytes;
  };
  const handle: DirectorySliceHandle = {
    kind: 'directory',
    id: name,
    name,
    digest: slice.digest,
    size,
    get path() {
      if (shown === undefined) {
        const before = stamp();
        read();
        shown = before;
      }
      return path;
    },
    text: async () => read().toString('utf8'),
    bytes: async () => read(),
  };
  const verify = (): void => {
    witness.verify();
    if (shown !== undefined && stamp() !== shown) throw changed();
  };
  return { handle: registerSlice(handle, slice), verify };
}

export function openDirectoryOutput(path: string): OpenedOutput {
  mkdirSync(path, { recursive: true });
  const folders = new Set(['']);
  let closed = false;
  const handle = {
    path,
    async add(name: string, data: string | Uint8Array): Promise<void> {
      if (closed) throw new UserFacingError(artifactErrors.closed(path));
      const segments = checkedName(name);
      makeFolders(path, segments.slice(0, -1), name, folders);
      writeFresh(join(path, ...segments), name, data);
    },
  };
  const close = (): undefined => {
    closed = true;
  };
  return { handle, finish: close, discard: close };
}

function checkedName(name: string): string[] {
  const segments = name.split('/');
  const wrong = (why: string): UserFacingError => new UserFacingError(artifactErrors.badEntryName(name, why));
  if (name === '') throw wrong('it is empty');
  if (name.startsWith('/')) throw wrong('it is absolute');
  if (segments.includes('..')) throw wrong('it leads outside');
  if (segments.includes('') || segments.includes('.')) throw wrong('a part of it is empty');
  if (name.includes('\0')) throw wrong('it has a zero byte');
  if (Buffer.from(name).toString() !== name) throw wrong('it cannot be written as UTF-8');
  const ignored = segments.find(isIgnored);
  if (ignored !== undefined) throw wrong(`\`${ignored}\` is never part of a directory`);
  return segments;
}

/** Makes the folders of a name one by one: a link among them would lead outside. */
function makeFolders(root: string, segments: readonly string[], name: string, made: Set<string>): void {
  let relative = '';
  for (const segment of segments) {
    relative = relative === '' ? segment : `${relative}/${segment}`;
    if (made.has(relative)) continue;
    const path = join(root, relative);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) mkdirSync(path);
    else if (!stat.isDirectory())
      throw new UserFacingError(artifactErrors.badEntryName(name, `\`${relative}\` is not a folder`));
    made.add(relative);
  }
}

function writeFresh(path: string, name: string, data: string | Uint8Array): void {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  let file;
  try {
    file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o666);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ELOOP') throw new UserFacingError(artifactErrors.badEntryName(name, 'a link has that name'));
    if (code === 'EISDIR') throw new UserFacingError(artifactErrors.badEntryName(name, 'a folder has that name'));
    throw error;
  }
  try {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
  } finally {
    closeSync(file);
  }
}

/** The directory is restored below `scratch` where its path, or that of an entry, is asked for. */
export function openMadeDirectory(record: ArtifactRecord, objects: ObjectStore, scratch: string): OpenedInput {
  let folder: string | undefined;
  const materialized = (): string => {
    if (folder === undefined) {
      mkdirSync(scratch, { recursive: true });
      const fresh = mkdtempSync(join(scratch, 'directory-'));
      writeEntries(readManifest(record, objects), fresh, objects);
      folder = fresh;
    }
    return folder;
  };
  const handle: DirectoryInputHandle = {
    digest: record.digest,
    get path() {
      return materialized();
    },
    async *entries() {
      for (const entry of readManifest(record, objects))
        yield madeEntry(entry, objects, () => join(materialized(), entry.name));
    },
  };
  return { handle, close: () => undefined };
}

function madeEntry(entry: DirectoryEntry, objects: ObjectStore, path: () => string): DirectorySliceHandle {
  const bytes = (): Buffer => concatPieces(objects.read(entry.sha256));
  return {
    kind: 'directory',
    id: entry.name,
    name: entry.name,
    digest: manifestDigest([entry]),
    size: entry.size,
    get path() {
      return path();
    },
    text: async () => bytes().toString('utf8'),
    bytes: async () => bytes(),
  };
}
