import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import type { Digest } from '../base/digest.js';
import type { UserFacingError } from '../diagnostics/diagnostic.js';
import type { InputHandleByKind, OutputHandleByKind } from './handle-types.js';
import { openInput, openOutput } from './handles.js';
import type { KindName } from './kind.js';

export const NO_DIGEST: Digest = `sha256:${'0'.repeat(64)}`;

export function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'vlmbuild-handles-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function input<K extends KindName>(t: ExecutionContext, kind: K, path: string): InputHandleByKind[K] {
  const opened = openInput({ kind, path, digest: NO_DIGEST });
  t.teardown(() => opened.close());
  return opened.handle as InputHandleByKind[K];
}

export function output<K extends KindName>(kind: K, path: string) {
  const opened = openOutput({ kind, path });
  return { ...opened, handle: opened.handle as OutputHandleByKind[K] };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list = [];
  for await (const item of items) list.push(item);
  return list;
}

export const codeOf = (error: UserFacingError): string | undefined => error.diagnostics[0]?.code;

export function sessions(path: string, rows: readonly (readonly [string, unknown])[]): void {
  rmSync(path, { force: true });
  const database = new Database(path);
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE e (id INTEGER PRIMARY KEY, session TEXT, x)');
  for (const row of rows) database.prepare('INSERT INTO e (session, x) VALUES (?, ?)').run(...row);
  database.close();
}
