import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { UNFINISHED_PREFIX } from '../../src/artifacts/listing.js';
import { readLock } from '../../src/plan/lock-file.js';
import { Index } from '../../src/store/index-db.js';
import { cacheLayout } from '../../src/store/layout.js';
import type { ModelOutput, ModelTarget } from './pipelines.js';

/** Contents by path: what is in the files, or for a database what its rows are. */
export type Contents = Map<string, string>;

/** What stands at output paths now. Files that an installation has not finished have names that are no part of anything. */
export function outputContents(root: string, outputs: readonly ModelOutput[]): Contents {
  const contents: Contents = new Map();
  for (const { path, kind } of outputs) {
    const absolute = join(root, path);
    const stat = lstatSync(absolute, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (!stat.isDirectory()) contents.set(path, contentOf(absolute, kind));
    else for (const name of filesIn(absolute)) contents.set(join(path, name), contentOf(join(absolute, name), 'file'));
  }
  return contents;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith(UNFINISHED_PREFIX))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replace(/^\//, ''))
    .sort();
}

function contentOf(path: string, kind: ModelOutput['kind']): string {
  if (kind === 'sqlite') return rowsOf(path);
  const { mode } = lstatSync(path);
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
  return (mode & 0o111) === 0 ? hash : `${hash} executable`;
}

/** All that a reader of the database can see; what cannot be read is a content of its own. */
function rowsOf(path: string): string {
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true });
    const sound = database.pragma('integrity_check', { simple: true });
    if (sound !== 'ok') return `damaged: ${String(sound)}`;
    const tables = database.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').raw().all() as string[][];
    const rows = tables.map(([name, sql]) => [
      sql,
      database
        ?.prepare(`SELECT * FROM "${name ?? ''}"`)
        .raw()
        .all(),
    ]);
    return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
  } catch (error) {
    return `unreadable: ${String(error)}`;
  } finally {
    database?.close();
  }
}

/** What the lock says of targets, each as text. */
export function lockedBlocks(root: string): Record<string, string> {
  const lock = readLock(join(root, 'pipeline.lock'));
  return Object.fromEntries(Object.entries(lock?.targets ?? {}).map(([name, block]) => [name, JSON.stringify(block)]));
}

/**
 * What the index says of targets, each as text: without times, runs, and what only earlier builds can have left. Undefined
 * where it was found to be damaged by this: then it is made anew now, and the next build fills it.
 */
export function indexedTargets(root: string, targets: readonly ModelTarget[]): Record<string, string> | undefined {
  const index = Index.open(cacheLayout(root));
  try {
    const said = Object.fromEntries(
      targets.map(({ name, outputs }) => {
        const { key, outputs: made } = index.lastSuccess(name) ?? {};
        const paths = outputs.map(({ path }) => index.outputPath(path.replace(/\/$/, '')));
        return [name, JSON.stringify({ key, made, paths }, withoutPlace, 1)];
      }),
    );
    return index.repaired === undefined ? said : undefined;
  } finally {
    index.close();
  }
}

/**
 * What the index has of the parts that targets listed last, by key. A target that was restored need not have any. Undefined
 * as for `indexedTargets`.
 */
export function indexedParts(root: string, targets: readonly ModelTarget[]): Record<string, string> | undefined {
  const index = Index.open(cacheLayout(root));
  try {
    const keys = targets.flatMap(({ name }) => index.partList(name).map(({ key }) => key));
    const said = Object.fromEntries(
      [...index.parts(keys)].map(([key, { outputs, meta }]) => [key, JSON.stringify({ outputs, meta }, withoutPlace)]),
    );
    return index.repaired === undefined ? said : undefined;
  } finally {
    index.close();
  }
}

/** Which larger blob the store keeps bytes in depends on what was made beside them. */
function withoutPlace(name: string, value: unknown): unknown {
  return name === 'inside' ? undefined : value;
}
