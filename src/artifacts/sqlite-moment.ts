import { readSync } from 'node:fs';
import { STEP_MS } from './file-moment.js';
import { statOf } from './file-stamp.js';

/** The header fields that tell: https://sqlite.org/fileformat2.html#the_database_header */
const HEADER_BYTES = 100;
const WRITE_VERSION = 18;
const CHANGE_COUNTER = 24;
const VERSION_VALID_FOR = 92;
const ROLLBACK = 1;

/**
 * Names the content of a database file as a read transaction sees it, without reading a row: two processes that each
 * take it within a read transaction of their own, and get the same text, see the same content. Undefined where a header
 * and stats cannot tell:
 *
 *   - something is in the `-wal`: commits that only SQLite can order
 *   - the file is in WAL mode and was written a moment ago: a checkpoint leaves no trace but the time
 *
 * In rollback mode every commit counts up the change counter, and none happens while a read transaction is open.
 *
 * @param file the database file, opened before SQLite opens it and closed after: when any descriptor of a file is closed,
 *   a process loses the locks that it has on the file
 */
export function momentOf(path: string, file: number): string | undefined {
  const wal = statOf(`${path}-wal`);
  if (wal !== undefined && wal.size > 0n) return undefined;
  const stat = statOf(path);
  const header = stat === undefined ? undefined : readHeader(file);
  if (stat === undefined || header === undefined) return undefined;
  const { size, mtimeNs, ctimeNs, ino } = stat;
  const youngestMs = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n);
  if (header[WRITE_VERSION] !== ROLLBACK && youngestMs > Date.now() - STEP_MS) return undefined;
  const counters = [header.readUInt32BE(CHANGE_COUNTER), header.readUInt32BE(VERSION_VALID_FOR)];
  return [...counters, size, mtimeNs, ctimeNs, ino].join(' ');
}

/** Undefined for an empty file. */
function readHeader(file: number): Buffer | undefined {
  const header = Buffer.alloc(HEADER_BYTES);
  return readSync(file, header, 0, HEADER_BYTES, 0) === HEADER_BYTES ? header : undefined;
}
