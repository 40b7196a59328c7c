import { rmSync } from 'node:fs';
import type { Digest } from '../base/digest.js';
import type { ObjectStore } from '../store/objects.js';
import { digestBytes, requireFile, SingleFileKind } from './file.js';
import type { ArtifactRecord, InstallOptions, InstallReport, Kind } from './kind.js';
import { sqliteDigest } from './sqlite-digest.js';
import { makeSelfContained, sideFiles } from './sqlite-open.js';

class SqliteKind extends SingleFileKind {
  readonly name = 'sqlite';

  override async digest(path: string): Promise<Digest> {
    return sqliteDigest(path);
  }

  override async keep(path: string, objects: ObjectStore | null): Promise<ArtifactRecord> {
    requireFile(path);
    makeSelfContained(path);
    const digest = await sqliteDigest(path);
    const { sha256, size } = objects === null ? await digestBytes(path) : objects.putFile(path);
    return { kind: 'sqlite', digest, bytes: { sha256, size } };
  }

  override async install(staged: string, destination: string, options: InstallOptions): Promise<InstallReport> {
    // An old `-wal` beside a new database would be replayed into it: what was beside the old one goes first.
    for (const side of sideFiles(destination)) rmSync(side, { force: true });
    return super.install(staged, destination, options);
  }

  join(): undefined {
    return undefined;
  }
}

export const sqliteKind: Kind = new SqliteKind();
