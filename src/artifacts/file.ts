import { createHash } from 'node:crypto';
import type { Digest } from '../base/digest.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { ObjectRef, ObjectStore } from '../store/objects.js';
import { statOf } from './file-stamp.js';
import { installFile } from './install-file.js';
import type { ArtifactRecord, InstallOptions, InstallReport, Kind, KindName } from './kind.js';
import { pieces, Turn } from './pieces.js';

/** @throws UserFacingError where the path is absent or not a file. */
export function requireFile(path: string): void {
  const stat = statOf(path);
  if (stat === undefined) throw new UserFacingError(artifactErrors.absent(path));
  if (stat.isDirectory()) throw new UserFacingError(artifactErrors.wrongType(path, 'a file', 'a folder'));
  if (!stat.isFile()) throw new UserFacingError(artifactErrors.notAFile(path));
}

/** SHA-256 and size of a file's bytes. */
export async function digestBytes(path: string): Promise<ObjectRef> {
  requireFile(path);
  const hash = createHash('sha256');
  const turn = new Turn();
  let size = 0;
  for (const piece of pieces(path)) {
    hash.update(piece);
    size += piece.length;
    if (turn.due(piece.length)) await turn.pass();
  }
  return { sha256: `sha256:${hash.digest('hex')}`, size };
}

/** What `file` and the kinds that are one file share; they differ in digest and joining. */
export abstract class SingleFileKind implements Kind {
  abstract readonly name: KindName;

  async digest(path: string): Promise<Digest> {
    return (await digestBytes(path)).sha256;
  }

  async keep(path: string, objects: ObjectStore | null): Promise<ArtifactRecord> {
    requireFile(path);
    const bytes = objects === null ? await digestBytes(path) : objects.putFile(path);
    return { kind: this.name, digest: bytes.sha256, bytes: { sha256: bytes.sha256, size: bytes.size } };
  }

  async restore(record: ArtifactRecord, destination: string, objects: ObjectStore): Promise<void> {
    objects.copyTo(record.bytes, destination);
  }

  present(record: ArtifactRecord, objects: ObjectStore): boolean {
    return objects.has(record.bytes);
  }

  async install(staged: string, destination: string, options: InstallOptions): Promise<InstallReport> {
    return installFile(staged, destination, options);
  }

  async deliver(
    record: ArtifactRecord,
    destination: string,
    objects: ObjectStore,
    scratch: string,
    options: InstallOptions,
  ): Promise<InstallReport> {
    await this.restore(record, scratch, objects);
    return this.install(scratch, destination, options);
  }

  abstract join(...args: Parameters<Kind['join']>): ReturnType<Kind['join']>;
}

class FileKind extends SingleFileKind {
  readonly name = 'file';

  join(): undefined {
    return undefined;
  }
}

export const fileKind: Kind = new FileKind();
