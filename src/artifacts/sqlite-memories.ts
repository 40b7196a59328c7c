import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { hexOf, sha256 } from '../base/digest.js';
import { namesIn } from '../base/names-in.js';
import { systemErrorCode } from '../base/system-error.js';
import { writeAtomic } from '../store/atomic-write.js';
import type { DatabaseMemory } from './sqlite-content.js';
import { SQLITE_DIGEST_FORMAT } from './sqlite-digest.js';

/** The first number is raised when what is kept has another shape; the digests kept are of a format of their own. */
const FORMAT = `vlmbuild database 4 ${SQLITE_DIGEST_FORMAT}\n`;
const DIGEST = 64;

/**
 * What is remembered of databases, a file each: it spares reading what has not changed, and names nothing. One that is
 * gone, damaged or of another version is as none.
 */
export class DatabaseMemories {
  /** @param folder made when something is saved */
  constructor(private readonly folder: string) {}

  /** @param path absolute, of the database file */
  load(path: string): DatabaseMemory | undefined {
    return loadMemory(this.fileOf(path)) as DatabaseMemory | undefined;
  }

  save(path: string, memory: DatabaseMemory): void {
    if (memory.shortRows === undefined) rmSync(this.shortRowsOf(path), { force: true });
    saveMemory(this.fileOf(path), memory);
  }

  /** Forgets all databases but these. */
  keepOnly(paths: Iterable<string>): void {
    const kept = new Set(Array.from(paths, nameOf));
    for (const name of namesIn(this.folder)) {
      if (!kept.has(name.slice(0, NAME))) rmSync(join(this.folder, name), { force: true });
    }
  }

  fileOf(path: string): string {
    return join(this.folder, `${nameOf(path)}${PAGES}`);
  }

  /** Where its rows in short are. */
  shortRowsOf(path: string): string {
    return join(this.folder, `${nameOf(path)}${SHORT_ROWS}`);
  }

  /** Where slices of the database are remembered for a target. */
  slicesOf(path: string, target: string): string {
    return join(this.folder, `${nameOf(path)}-${nameOf(target)}${SLICES}`);
  }

  /** Where else slices are remembered: of this database first, then what was saved last. At most so many. */
  slicesBeside(path: string, target: string, most: number): { readonly file: string; readonly pages: string }[] {
    const [own, database] = [this.slicesOf(path, target), nameOf(path)];
    return namesIn(this.folder)
      .map((name) => ({ name, file: join(this.folder, name) }))
      .filter(({ name, file }) => name.endsWith(SLICES) && file !== own)
      .map(({ name, file }) => ({
        file,
        pages: join(this.folder, `${name.slice(0, NAME)}${PAGES}`),
        isOwn: name.startsWith(database),
        savedMs: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0,
      }))
      .sort((a, b) => Number(b.isOwn) - Number(a.isOwn) || b.savedMs - a.savedMs)
      .slice(0, most);
  }
}

const NAME = 32;
const [PAGES, SLICES, SHORT_ROWS] = ['.pages', '.slices', '.rows'];

function nameOf(text: string): string {
  return hexOf(sha256(text)).slice(0, NAME);
}

/** What `saveMemory` saved; undefined for anything else. */
export function loadMemory(file: string): unknown {
  try {
    const bytes = readFileSync(file);
    const start = FORMAT.length + DIGEST;
    const content = bytes.subarray(start);
    if (bytes.toString('latin1', 0, start) !== FORMAT + hexOf(sha256(content))) return undefined;
    return deserialize(content);
  } catch {
    return undefined;
  }
}

/** Maps and typed arrays may be in it. What cannot be saved is not remembered. */
export function saveMemory(file: string, memory: unknown): void {
  const content = serialize(memory);
  const head = Buffer.from(FORMAT + hexOf(sha256(content)), 'latin1');
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeAtomic(file, Buffer.concat([head, content]));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}
