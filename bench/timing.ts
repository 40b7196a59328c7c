/** Running other programs, and how long and how much memory they take. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Call {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** Seconds from start to end. @throws where it does not end well. */
export function seconds({ program, args, cwd }: Call): number {
  const start = process.hrtime.bigint();
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  const took = Number(process.hrtime.bigint() - start) / 1e9;
  if (status !== 0) {
    const said = `${stdout}${stderr}`.slice(-2000);
    throw new Error(`${program} ${args.join(' ')} ended with ${String(status ?? error?.message)}: ${said}`);
  }
  return took;
}

/** Peak memory in MB; undefined where GNU time is not there. */
export function peakMemory({ program, args, cwd }: Call): number | undefined {
  if (!isInstalled('/usr/bin/time')) return undefined;
  const { stderr } = spawnSync('/usr/bin/time', ['-f', '%M', program, ...args], { cwd, encoding: 'utf8' });
  const kib = Number(stderr.trim().split('\n').at(-1));
  return Number.isFinite(kib) ? (kib * 1024) / 1e6 : undefined;
}

/** The calls take turns, so that what slows the machine down slows all of them; the order is turned round each time. */
export function interleaved<K extends string>(calls: ReadonlyMap<K, () => number>, rounds: number): Map<K, number> {
  const taken = new Map<K, number[]>([...calls.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [...calls] : [...calls].reverse();
    for (const [name, call] of order) taken.get(name)?.push(call());
  }
  return new Map([...taken].map(([name, all]) => [name, median(all)]));
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

export function isInstalled(program: string): boolean {
  const places = program.includes('/')
    ? [program]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program));
  return places.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
