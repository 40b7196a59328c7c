import { closeSync, constants, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CacheLayout } from './layout.js';
import { writeAtomic } from './atomic-write.js';

/** The time of the file system that holds `cache/`, which need not agree with the process's. */
export interface FileSystemTime {
  /** Nanoseconds since 1970, as a file written now would have it. */
  readonly nowNs: bigint;
  /** How far two different times are apart: what is written within one tick can have one time. */
  readonly tickNs: bigint;
}

/** Where times do not move while we measure, they are taken to be as coarse as FAT's. */
const COARSEST_TICK_NS = 2_000_000_000n;
const FINEST_TICK_NS = 1_000_000n;
const MEASURE_FOR_MS = 60;

const ticks = new Map<string, bigint>();

/** By cache: the probe, kept open because to open it takes longer than to read the clock. */
const probes = new Map<string, number>();

/** Reads the file system's clock: 5 µs, but for the first time in a `cache/`, when the tick is measured. */
export function tick(layout: CacheLayout): FileSystemTime {
  const file = probeOf(layout);
  const tickNs = tickOf(layout, file);
  return { nowNs: stamp(file), tickNs };
}

/** How coarse the clock is, without reading it: writes nothing where that was measured before. */
export function tickLength(layout: CacheLayout): bigint {
  return ticks.get(layout.cache) ?? tickOf(layout, probeOf(layout));
}

/** Lets go of the probe; it is opened again when it is needed. */
export function closeClock({ cache }: CacheLayout): void {
  const file = probes.get(cache);
  if (file === undefined) return;
  probes.delete(cache);
  closeSync(file);
}

function probeOf({ cache }: CacheLayout): number {
  let file = probes.get(cache);
  if (file === undefined) {
    file = openSync(join(cache, 'clock'), constants.O_RDWR | constants.O_CREAT);
    probes.set(cache, file);
  }
  return file;
}

function tickOf(layout: CacheLayout, file: number): bigint {
  let tickNs = ticks.get(layout.cache);
  if (tickNs === undefined) {
    tickNs = rememberedTick(layout, file);
    ticks.set(layout.cache, tickNs);
  }
  return tickNs;
}

/** Resolves when every time that was now at the call is older by more than a tick. */
export async function waitOneTick(layout: CacheLayout): Promise<FileSystemTime> {
  const start = tick(layout);
  for (;;) {
    await delay(Number(start.tickNs / 1_000_000n) + 1);
    const time = tick(layout);
    // A clock that was set back is not waited for.
    if (time.nowNs > start.nowNs + start.tickNs || time.nowNs < start.nowNs) return time;
  }
}

function stamp(file: number): bigint {
  writeSync(file, '.', 0);
  return fstatSync(file, { bigint: true }).mtimeNs;
}

/** The tick belongs to a device under a kernel; measuring it takes some ticks, so it is kept between runs. */
function rememberedTick(layout: CacheLayout, file: number): bigint {
  const path = join(layout.cache, 'clock-tick');
  const place = `${String(fstatSync(file, { bigint: true }).dev)} ${release()}`;
  try {
    const [tickNs = '', ...rest] = readFileSync(path, 'utf8').trimEnd().split(' ');
    if (rest.join(' ') === place && /^\d{7,10}$/.test(tickNs)) return BigInt(tickNs);
  } catch {
    // Not measured yet.
  }
  const tickNs = measureTick(file);
  writeAtomic(path, `${String(tickNs)} ${place}\n`);
  return tickNs;
}

/** The smaller of two steps between times: a step seen late is several ticks, never less than one. */
function measureTick(file: number): bigint {
  const give = performance.now() + MEASURE_FOR_MS;
  const edges = [stamp(file)];
  while (edges.length < 4 && performance.now() < give) {
    const now = stamp(file);
    if (now !== edges.at(-1)) edges.push(now);
  }
  const [, first, second, third] = edges;
  if (first === undefined || second === undefined || third === undefined) return COARSEST_TICK_NS;
  const steps = [second - first, third - second].filter((step) => step > 0n);
  if (steps.length === 0) return COARSEST_TICK_NS;
  const step = steps.reduce((a, b) => (a < b ? a : b));
  return step < FINEST_TICK_NS ? FINEST_TICK_NS : step;
}
