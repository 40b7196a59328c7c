import { hexOf, sha256, type Digest } from '../base/digest.js';
import { compareBytes } from '../base/order.js';
import type { ArtifactRecord, DirectoryEntry } from './kind.js';

/** The first line. */
export const MANIFEST_HEAD = 'vlmbuild directory 1';
const LINE = /^([0-9a-f]{64}) ([x-]) (\d+) (".*")$/s;

/** What was read is no manifest of this format. */
export class NotAManifest extends Error {
  constructor() {
    super('not a directory manifest');
    this.name = 'NotAManifest';
  }
}

/**
 * The manifest of a directory: its text is what is digested and stored.
 *
 *     vlmbuild directory 1
 *     9f86d0…0a08 - 4831 "000.png"
 *     2c26b4…66ae x 51 "bin/show.sh"
 *
 * A line an entry: SHA-256, `x` where executable, size in bytes, and the name as a JSON string; in byte order of the
 * names, whatever the order of `entries`.
 */
export function printManifest(entries: readonly DirectoryEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => compareBytes(a.name, b.name));
  return Buffer.from(manifestText(sorted.map(manifestLine)));
}

/** @param lines in byte order of their entries' names */
function manifestText(lines: readonly string[]): string {
  return `${[MANIFEST_HEAD, ...lines].join('\n')}\n`;
}

/** Without the line feed. */
export function manifestLine({ sha256, executable, size, name }: DirectoryEntry): string {
  return `${hexOf(sha256)} ${executable ? 'x' : '-'} ${size} ${JSON.stringify(name)}`;
}

/** @throws NotAManifest where the line is none of a manifest. */
export function parseLine(line: string): DirectoryEntry {
  const [, hex, mode, size, name] = LINE.exec(line) ?? [];
  if (hex === undefined || size === undefined || name === undefined) throw new NotAManifest();
  return { name: JSON.parse(name) as string, executable: mode === 'x', sha256: `sha256:${hex}`, size: Number(size) };
}

/** @throws NotAManifest where the text is not a manifest of this format. */
export function parseManifest(text: Uint8Array): DirectoryEntry[] {
  const lines = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('utf8').split('\n');
  if (lines[0] !== MANIFEST_HEAD || lines.pop() !== '') throw new NotAManifest();
  return lines.slice(1).map(parseLine);
}

/** The digest of a directory, or of one entry as a slice: of the manifest. */
export function manifestDigest(entries: readonly DirectoryEntry[]): Digest {
  return sha256(printManifest(entries));
}

/** The record of a directory with this manifest: one digest is identity and name of the bytes. */
export function directoryRecord(manifest: Uint8Array): ArtifactRecord {
  const digest = sha256(manifest);
  return { kind: 'directory', digest, bytes: { sha256: digest, size: manifest.byteLength } };
}
