import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Digest } from '../base/digest.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { CorruptObject, type ObjectRef, type ObjectStore } from '../store/objects.js';
import { digestBytes } from './file.js';
import { statOf } from './file-stamp.js';
import { deliverDirectory, installDirectory } from './install-directory.js';
import { joinEntries } from './join-entries.js';
import type { JoinedParts } from './joined-parts.js';
import type { ArtifactRecord, DirectoryEntry, InstallOptions, InstallReport, Kind } from './kind.js';
import { listDirectory } from './listing.js';
import { directoryRecord, manifestDigest, NotAManifest, parseManifest, printManifest } from './manifest.js';
import { concatPieces, Turn } from './pieces.js';

/** How much one file counts for a `Turn`, however small it is. */
const FILE_COST = 1 << 16;

/** The files below a folder with their digests; `take` says what a file's bytes are. */
async function readEntries(
  folder: string,
  take: (path: string) => ObjectRef | Promise<ObjectRef>,
): Promise<DirectoryEntry[]> {
  requireFolder(folder);
  const entries: DirectoryEntry[] = [];
  const turn = new Turn();
  for (const { name } of listDirectory(folder).files) {
    const path = join(folder, name);
    const { sha256, size } = await take(path);
    entries.push({ name, executable: (statSync(path).mode & 0o111) !== 0, sha256, size });
    if (turn.due(size + FILE_COST)) await turn.pass();
  }
  return entries;
}

/** The files of a directory, in byte order of their names, every one read. */
export function directoryEntries(folder: string): Promise<DirectoryEntry[]> {
  return readEntries(folder, digestBytes);
}

function requireFolder(path: string): void {
  const stat = statOf(path);
  if (stat === undefined) throw new UserFacingError(artifactErrors.absent(path));
  if (!stat.isDirectory()) throw new UserFacingError(artifactErrors.wrongType(path, 'a folder', 'a file'));
}

/** The entries that a directory's record stands for. @throws CorruptObject */
export function readManifest(record: Pick<ArtifactRecord, 'bytes'>, objects: ObjectStore): DirectoryEntry[] {
  return parseManifest(concatPieces(objects.read(record.bytes)));
}

/**
 * The same for whoever wants to know what there is of it; undefined where the manifest is gone, damaged or was never kept.
 */
export function storedEntries(
  record: Pick<ArtifactRecord, 'bytes'>,
  objects: ObjectStore,
): readonly DirectoryEntry[] | undefined {
  try {
    return readManifest(record, objects);
  } catch (error) {
    if (error instanceof CorruptObject || error instanceof NotAManifest) return undefined;
    throw error;
  }
}

/** Bytes of all files. */
export function totalSize(entries: readonly DirectoryEntry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0);
}

export const directoryKind: Kind = {
  name: 'directory',

  async digest(path: string): Promise<Digest> {
    return manifestDigest(await directoryEntries(path));
  },

  async keep(path: string, objects: ObjectStore | null): Promise<ArtifactRecord> {
    const entries = await readEntries(path, objects === null ? digestBytes : (file) => objects.putFile(file));
    const manifest = printManifest(entries);
    objects?.putBytes(manifest);
    return directoryRecord(manifest);
  },

  async restore(record: ArtifactRecord, destination: string, objects: ObjectStore): Promise<void> {
    await writeEntriesInTurns(readManifest(record, objects), destination, objects);
  },

  present(record: ArtifactRecord, objects: ObjectStore): boolean {
    if (!objects.has(record.bytes)) return false;
    return objects.missing(new Set(readManifest(record, objects).map((entry) => entry.sha256))).length === 0;
  },

  async install(staged: string, destination: string, options: InstallOptions): Promise<InstallReport> {
    return installDirectory(staged, destination, options);
  },

  async deliver(
    record: ArtifactRecord,
    destination: string,
    objects: ObjectStore,
    scratch: string,
    options: InstallOptions,
  ): Promise<InstallReport> {
    const entries = readManifest(record, objects);
    return deliverDirectory(entries, destination, objects, options, async () => {
      await writeEntriesInTurns(entries, scratch, objects);
      return scratch;
    });
  },

  async join(
    parts: JoinedParts,
    destination: string | null,
    objects: ObjectStore,
    keepWhole: boolean,
  ): Promise<ArtifactRecord> {
    const entries = await joinEntries(parts.all(), (part) => readManifest(part, objects));
    if (destination !== null) await writeEntriesInTurns(entries, destination, objects);
    else requireBlobs(entries, objects);
    const manifest = printManifest(entries);
    if (keepWhole) objects.putBytes(manifest);
    return directoryRecord(manifest);
  },
};

/** Nobody has read the files yet: what is gone is found out while the parts can be made again. @throws CorruptObject */
function requireBlobs(entries: readonly DirectoryEntry[], objects: ObjectStore): void {
  const [gone] = objects.missing(new Set(entries.map(({ sha256 }) => sha256)));
  if (gone !== undefined) throw new CorruptObject(gone, 'missing');
}

/** Writes a fresh directory. @throws CorruptObject */
export function writeEntries(entries: readonly DirectoryEntry[], destination: string, objects: ObjectStore): void {
  const writing = writingEntries(entries, destination, objects);
  while (writing.next().done !== true);
}

async function writeEntriesInTurns(
  entries: readonly DirectoryEntry[],
  destination: string,
  objects: ObjectStore,
): Promise<void> {
  const turn = new Turn();
  for (const bytes of writingEntries(entries, destination, objects)) if (turn.due(bytes)) await turn.pass();
}

/** Yields what each file cost. */
function* writingEntries(
  entries: readonly DirectoryEntry[],
  destination: string,
  objects: ObjectStore,
): Generator<number> {
  const made = new Set<string>();
  mkdirSync(destination, { recursive: true });
  for (const entry of entries) {
    const path = join(destination, entry.name);
    const folder = dirname(path);
    if (!made.has(folder)) mkdirSync(folder, { recursive: true });
    made.add(folder);
    objects.copyTo(entry.sha256, path, { executable: entry.executable });
    yield entry.size + FILE_COST;
  }
}
