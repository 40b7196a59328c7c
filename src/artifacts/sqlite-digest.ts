import type { Digest } from '../base/digest.js';

/** The logical digest of a database. `path` may be a folder that sqld wrote. */
export async function sqliteDigest(path: string): Promise<Digest> {
  throw new Error(`not yet: ${path}`);
}
