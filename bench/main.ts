/**
 * Runs benchmarks: all, or those that are named.
 *
 *     npm run bench [-- PART…]        null changed commands files (beside other build tools), or another file of bench/
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WITH_PEERS = ['null', 'changed', 'commands', 'files'];
/** Each a program of its own. */
const OTHERS = ['parts', 'watch', 'sim', 'data'];

function run(name: string, args: readonly string[]): void {
  const path = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  if (!existsSync(path)) throw new Error(`there is no benchmark \`${name}\``);
  const { status } = spawnSync(process.execPath, [path, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

const words = process.argv.slice(2);
const parts = words.filter((word) => !word.startsWith('-') && Number.isNaN(Number(word)));
const flags = words.filter((word) => !parts.includes(word));
const peers = parts.filter((part) => WITH_PEERS.includes(part));
if (parts.length === 0 || peers.length > 0) run('peers', [...peers, ...flags]);
for (const other of parts.length === 0 ? OTHERS : parts.filter((part) => !peers.includes(part)))
  run(other, parts.length === 0 ? [] : flags);
