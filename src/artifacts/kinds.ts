import { directoryKind } from './directory.js';
import { fileKind } from './file.js';
import { jsonlKind } from './jsonl.js';
import type { Kind, KindName } from './kind.js';
import { sqliteKind } from './sqlite.js';

const KINDS: Readonly<Record<KindName, Kind>> = {
  file: fileKind,
  directory: directoryKind,
  jsonl: jsonlKind,
  sqlite: sqliteKind,
};

export function kindNamed(name: KindName): Kind {
  return KINDS[name];
}
