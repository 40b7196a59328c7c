import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lockPath, readLock, type LockFile } from '../plan/lock-file.js';
import type { Session } from './session.js';

/** The locks of other pipeline files in the session's folder: they share the store. */
export function otherLocks(session: Pick<Session, 'file' | 'lockPath'>): LockFile[] {
  const folder = dirname(session.file);
  const paths = readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => lockPath(join(folder, name)))
    .filter((path) => path !== session.lockPath && existsSync(path));
  return [...new Set(paths)].map(readLock).filter((lock) => lock !== undefined);
}
