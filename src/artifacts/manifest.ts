import type { DirectoryEntry } from './kind.js';

/** The manifest of a directory: its text is what is digested and stored. Entries in byte order of their names. */
export function printManifest(entries: readonly DirectoryEntry[]): Buffer {
  throw new Error(`not yet: ${entries.length}`);
}

/** @throws Error where the text is not a manifest of this format. */
export function parseManifest(text: Uint8Array): DirectoryEntry[] {
  throw new Error(`not yet: ${text.length}`);
}
