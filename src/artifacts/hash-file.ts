import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sha256, type Digest } from '../base/digest.js';
import { pieces, type Turn } from './pieces.js';
import { xxh64, xxh64Hex } from './xxh64.js';

/** Up to this size a file is read in one go. */
const SMALL = 1 << 20;

/** xxh64 of the files' bytes, one after the other, as 16 hex digits. */
export async function xxh64Files(paths: readonly string[], size: number, turn: Turn): Promise<string> {
  const api = await xxh64();
  const [only] = paths;
  if (paths.length === 1 && only !== undefined && size <= SMALL) return hex(api.h64Raw(readFileSync(only)));
  const state = api.create64();
  for (const path of paths) {
    for (const piece of pieces(path)) {
      state.update(piece);
      if (turn.due(piece.length)) await turn.pass();
    }
  }
  return xxh64Hex(state);
}

/** SHA-256 and xxh64 of a file in one read; `known` is its xxh64 where that was just taken. */
export async function hashFile(
  path: string,
  size: number,
  turn: Turn,
  known?: string,
): Promise<{ readonly digest: Digest; readonly xxh64: string }> {
  const api = await xxh64();
  if (size <= SMALL) {
    const bytes = readFileSync(path);
    return { digest: sha256(bytes), xxh64: known ?? hex(api.h64Raw(bytes)) };
  }
  const hash = createHash('sha256');
  const state = known === undefined ? api.create64() : undefined;
  for (const piece of pieces(path)) {
    hash.update(piece);
    state?.update(piece);
    if (turn.due(piece.length)) await turn.pass();
  }
  return { digest: `sha256:${hash.digest('hex')}`, xxh64: known ?? (state === undefined ? '' : xxh64Hex(state)) };
}

function hex(value: bigint): string {
  return value.toString(16).padStart(16, '0');
}
