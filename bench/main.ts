/**
 * Runs benchmarks: all, or those that are named.
 *
 *     npm run bench [-- PART…]        null changed commands files (beside other build tools), parts, watch, sim, data, expert
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const WITH_PEERS = ['null', 'changed', 'commands', 'files'];
/** Each a program of its own. */
const OTHERS = ['parts', 'watch', 'sim', 'data'];
/** Only where it is named: no time is measured. */
const BESIDE = ['expert'];

function run(name: string, args: readonly string[]): void {
  const path = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const { status } = spawnSync(process.execPath, [path, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

const words = process.argv.slice(2);
if (words.includes('--help')) {
  console.log(`usage: npm run bench [-- PART…] [FLAGS of the part]
parts: ${[...WITH_PEERS, ...OTHERS, ...BESIDE].join(' ')}; without, all. Flags go to the parts that are named: \`--rounds N\` …`);
  process.exit(0);
}
const isValue = (i: number): boolean => /^--[^=]+$/.test(words[i - 1] ?? '');
const parts = words.filter((word, i) => !word.startsWith('-') && !isValue(i));
const flags = words.filter((word) => !parts.includes(word));
const unknown = parts.find((part) => ![...WITH_PEERS, ...OTHERS, ...BESIDE].includes(part));
if (unknown !== undefined) {
  console.error(`there is no benchmark \`${unknown}\`; \`--help\` names them`);
  process.exit(2);
}
const peers = parts.filter((part) => WITH_PEERS.includes(part));
if (parts.length === 0 || peers.length > 0) run('peers', [...peers, ...flags]);
for (const other of parts.length === 0 ? OTHERS : parts.filter((part) => !peers.includes(part)))
  run(other, parts.length === 0 ? [] : flags);
