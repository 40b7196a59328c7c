/** Synthetic build graphs, the same for every tool: what `dialects.ts` writes down in each tool's own words. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Step {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** `$in` and `$out` stand for the paths. */
  readonly command: string;
  /** The folder that `inputs` are all files of, where the step reads it as a whole. */
  readonly folder?: string;
}

interface Source {
  readonly path: string;
  readonly bytes: number;
}

export interface Shape {
  readonly sources: readonly Source[];
  readonly steps: readonly Step[];
}

const MIB = 1024 * 1024;
const pathOf = (side: string, n: number): string =>
  `${side}/${String(Math.floor(n / 1000)).padStart(3, '0')}/${String(n).padStart(6, '0')}.txt`;

/** Independent steps that copy a kilobyte each. */
export function wide(steps: number): Shape {
  const all = Array.from({ length: steps }, (_, n) => n);
  return {
    sources: all.map((n) => ({ path: pathOf('src', n), bytes: 1024 })),
    steps: all.map((n) => ({
      name: `s${n}`,
      inputs: [pathOf('src', n)],
      output: pathOf('out', n),
      command: 'cp $in $out',
    })),
  };
}

/** Little work on much data: four big files and a folder of small ones. */
export function pipeline(bigMib: number, small: number): Shape {
  const big = [0, 1, 2, 3].map((n) => `data/part${n}.bin`);
  const images = Array.from({ length: small }, (_, n) => `img/${String(n).padStart(6, '0')}.png`);
  const join = (name: string, inputs: readonly string[]): Step => ({
    name,
    inputs,
    output: `out/${name}.txt`,
    command: 'cat $in > $out',
  });
  return {
    sources: [...big.map((path) => ({ path, bytes: bigMib * MIB })), ...images.map((path) => ({ path, bytes: 3072 }))],
    steps: [
      ...big.map((path, n) => ({
        name: `part${n}`,
        inputs: [path],
        output: `out/part${n}.txt`,
        command: 'head -c 4096 $in > $out',
      })),
      { name: 'list', inputs: images, output: 'out/list.txt', command: 'ls img | wc -l > $out', folder: 'img' },
      join('ab', ['out/part0.txt', 'out/part1.txt']),
      join('cd', ['out/part2.txt', 'out/part3.txt']),
      join('final', ['out/ab.txt', 'out/cd.txt', 'out/list.txt']),
    ],
  };
}

/**
 * Writes the sources and the folders of the outputs below `root`. Bytes differ from file to file and not from run to run.
 */
export function writeSources(root: string, { sources, steps }: Shape): void {
  const folders = new Set([...sources.map(({ path }) => path), ...steps.map(({ output }) => output)].map(dirname));
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  for (const [n, { path, bytes }] of sources.entries()) {
    if (bytes < MIB) {
      writeFileSync(join(root, path), block(n, bytes));
      continue;
    }
    const file = openSync(join(root, path), 'w');
    for (let at = 0; at < bytes; at += MIB) writeSync(file, block(n * 100_000 + at / MIB, Math.min(MIB, bytes - at)));
    closeSync(file);
  }
}

function block(seed: number, bytes: number): Buffer {
  return Buffer.alloc(bytes, `row ${String(seed).padStart(12, '0')} `);
}
