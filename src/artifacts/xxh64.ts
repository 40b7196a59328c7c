import type { XXHash, XXHashAPI } from 'xxhash-wasm';
import { pieces, type Turn } from './pieces.js';

let api: Promise<XXHashAPI> | undefined;

/**
 * xxh64, the fast hash of the second tier and of block ends. It never leaves the machine and never names content.
 * It is WebAssembly, compiled once, on first need.
 */
export function xxh64(): Promise<XXHashAPI> {
  api ??= import('xxhash-wasm').then((module) => module.default());
  return api;
}

/** 16 hex digits. */
export function xxh64Hex(state: XXHash<bigint>): string {
  return hexOf(state.digest());
}

/** Of bytes, as 16 hex digits. */
export function xxh64Of(bytes: Uint8Array, xxhash: XXHashAPI): string {
  return hexOf(xxhash.h64Raw(bytes));
}

/** Of the files' bytes, one after the other, as 16 hex digits. */
export async function xxh64Files(paths: readonly string[], turn: Turn): Promise<string> {
  const state = (await xxh64()).create64();
  for (const path of paths) {
    for (const piece of pieces(path)) {
      state.update(piece);
      if (turn.due(piece.length)) await turn.pass();
    }
  }
  return xxh64Hex(state);
}

function hexOf(value: bigint): string {
  return value.toString(16).padStart(16, '0');
}
