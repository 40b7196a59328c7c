import { hash } from 'node:crypto';
import { canonicalJson } from './canonical.js';
import type { Json } from './json.js';

/** A SHA-256 in lower-case hex behind its algorithm's name: the only identity in keys, lock and store. */
export type Digest = `sha256:${string}`;

export function sha256(data: string | NodeJS.ArrayBufferView): Digest {
  return `sha256:${hash('sha256', data, 'hex')}`;
}

/** The 32 bytes of a digest, put where they belong: for short texts, its 64 digits would take as long as the digest. */
export function writeSha256(data: string | NodeJS.ArrayBufferView, into: Buffer, at: number): void {
  into.write(hash('sha256', data, 'binary'), at, 'binary');
}

/** The digest of a JSON value, by its canonical text. */
export function digestOf(value: Json): Digest {
  return sha256(canonicalJson(value));
}

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && /^sha256:[0-9a-f]{64}$/.test(text);
}

/** The 64 hex digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
