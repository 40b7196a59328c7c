import type { XXHash, XXHashAPI } from 'xxhash-wasm';

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
  return state.digest().toString(16).padStart(16, '0');
}
