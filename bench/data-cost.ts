/** What programs and builds take: seconds, processor time, memory, bytes read. */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './timing.js';

const bin = fileURLToPath(new URL('../../dist/vlmbuild.cjs', import.meta.url));

/** Seconds by the clock and of the processor; peak memory of the largest process. */
export interface Cost {
  readonly seconds: number;
  readonly cpu: number;
  readonly peakMB: number;
}

export interface BuildCost extends Cost {
  /** What the first process read, in whatever way. */
  readonly readMB: number;
  /** Parts of all targets that ran. */
  readonly parts: { readonly total: number; readonly made: number };
}

/** What a program says that it took. */
export function saidBy(command: string, args: readonly string[]): Cost {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return costIn(JSON.parse(stdout));
}

/** What processes at the same time say: from when the first began to when the last ended, and the largest peak. */
export async function saidTogether(command: string, calls: readonly (readonly string[])[]): Promise<Cost> {
  const said = await Promise.all(calls.map(async (args) => (await promisify(execFile)(command, args)).stdout));
  const all = said.map((text) => JSON.parse(text) as { readonly began: number; readonly ended: number });
  const costs = all.map(costIn);
  return {
    seconds: Math.max(...all.map(({ ended }) => ended)) - Math.min(...all.map(({ began }) => began)),
    cpu: costs.reduce((sum, { cpu }) => sum + cpu, 0),
    peakMB: Math.max(...costs.map(({ peakMB }) => peakMB)),
  };
}

function costIn(said: unknown): Cost {
  const { seconds, cpu, peakKiB } = said as { seconds: number; cpu: number; peakKiB: number };
  return { seconds, cpu, peakMB: (peakKiB * 1024) / 1e6 };
}

/** What a build takes, its hosts included; it is asked for as people do. */
export function costOfBuild(root: string, target: string, jobs: number): BuildCost {
  const script = `import json, os, re, resource, subprocess, sys, time
start = time.perf_counter()
with open("said", "wb") as said:
    child = subprocess.Popen(sys.argv[1:], stdout=said)
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
seconds = time.perf_counter() - start
read = int(open(f"/proc/{child.pid}/io").read().split("rchar:")[1].split()[0])
code = child.wait()
if code:
    sys.exit(open("said").read())
used = resource.getrusage(resource.RUSAGE_CHILDREN)
total = made = 0
for line in re.findall(r" built in .*, ([\\d,]+ of [\\d,]+) parts? made", open("said").read()):
    few, all = (int(count.replace(",", "")) for count in line.split(" of "))
    total, made = total + all, made + few
print(json.dumps({"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peakMB": used.ru_maxrss * 1024 / 1e6,
                  "readMB": read / 1e6, "parts": {"total": total, "made": made}}))`;
  const command = [process.execPath, bin, target, '-j', String(jobs)];
  const { status, stdout, stderr } = spawnSync('python3', ['-c', script, ...command], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as BuildCost;
}

/** Medians, but the largest peak. */
export function medianCost(costs: readonly Cost[]): Cost {
  return {
    seconds: median(costs.map(({ seconds }) => seconds)),
    cpu: median(costs.map(({ cpu }) => cpu)),
    peakMB: Math.max(...costs.map(({ peakMB }) => peakMB)),
  };
}

/** `cp` and `sha256sum` of a file, overlapped: what any new version of it costs at the least. In seconds. */
export function copyAndDigest(from: string, to: string): number {
  const start = performance.now();
  const source = openSync(from, 'r');
  const destination = openSync(to, 'w');
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (let count = readSync(source, buffer); count > 0; count = readSync(source, buffer)) {
    const piece = buffer.subarray(0, count);
    hash.update(piece);
    writeSync(destination, piece);
  }
  hash.digest();
  closeSync(source);
  closeSync(destination);
  return (performance.now() - start) / 1000;
}

export const megabytes = (path: string): number => statSync(path).size / 1e6;

/** The digest of what files hold, one after the other, and how long the longest line is. */
export function contentOf(paths: readonly string[]): { readonly digest: string; readonly longestLineMB: number } {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1 << 20);
  let [longest, length] = [0, 0];
  for (const path of paths) {
    const file = openSync(path, 'r');
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
      const piece = buffer.subarray(0, count);
      hash.update(piece);
      let start = 0;
      for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, start)) {
        longest = Math.max(longest, length + end - start);
        length = 0;
        start = end + 1;
      }
      length += count - start;
    }
    closeSync(file);
  }
  return { digest: hash.digest('hex'), longestLineMB: Math.max(longest, length) / 1e6 };
}
