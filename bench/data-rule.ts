/**
 * The work of a rule alone, in one thread, as a host does it: its parts listed and made one after the other into one
 * file, without the digests of which the keys of parts are made. Prints what it took since its modules were loaded, as
 * `data-python.py` does, and the moments at which it began and ended, in seconds of one clock for all processes.
 *
 *     node build/bench/data-rule.js export|filter FROM TO [K/N]
 *
 * `K/N` makes the Kth of N equal shares of the parts (K counts from 0), so that N processes make all between them.
 */
import { readFileSync, rmSync } from 'node:fs';
import type { AnyRule, Json, Part, RuleSlice } from 'vlmbuild';
import exportRule from '../rules/sft/export.js';
import filterRule from '../rules/sft/filter.js';
import { openInput, openOutput, Readings, sliceOf } from '../src/artifacts/handles.js';
import type { Slice } from '../src/artifacts/kind.js';
import { OpenedSlices } from '../src/host/opened-slices.js';

const STEPS: Readonly<Record<string, { rule: AnyRule; role: string; kind: 'sqlite' | 'jsonl' }>> = {
  export: { rule: exportRule, role: 'db', kind: 'sqlite' },
  filter: { rule: filterRule, role: 'rows', kind: 'jsonl' },
};

/** Of a hundred parts, the second of three shares are those from 33 to 66. */
interface Share {
  readonly which: number;
  readonly of: number;
}

async function work(step: string, from: string, to: string, share: Share): Promise<void> {
  const { rule, role, kind } = STEPS[step] ?? { rule: undefined, role: '', kind: 'jsonl' };
  if (rule?.shape !== 'parts') throw new Error(`no rule in parts is called ${step}`);
  const input = openInput({ kind, path: from, digest: `sha256:${'0'.repeat(64)}` });
  const params = rule.params.parse({});
  const out = openOutput({ kind: 'jsonl', path: to });
  const readings = new Readings();
  const { signal } = new AbortController();
  const context = { env: {}, secrets: {}, log: () => undefined, progress: () => undefined, signal };
  const make = async (part: Part<Json, Readonly<Record<string, RuleSlice>>>): Promise<void> => {
    const slices: Record<string, Slice> = {};
    for (const [name, handle] of Object.entries(part.inputs ?? {})) slices[name] = sliceOf(handle);
    const opened = new OpenedSlices(slices, readings);
    const given = {
      once: undefined as never,
      spec: part.spec,
      inputs: opened.handles,
      outputs: { rows: out.handle },
    };
    await rule.make(Object.assign(given, context));
    opened.close();
  };
  const parts = rule.parts({ inputs: { [role]: input.handle }, params });
  if (share.of > 1) {
    const all: Part<Json, Readonly<Record<string, RuleSlice>>>[] = [];
    for await (const part of parts) all.push(part);
    const edge = (which: number): number => Math.round((all.length * which) / share.of);
    for (const part of all.slice(edge(share.which), edge(share.which + 1))) await make(part);
  } else if (Symbol.asyncIterator in parts) for await (const part of parts) await make(part);
  // As a host does: what comes at once is not waited for.
  else for (const part of parts) await make(part);
  out.finish();
  readings.close();
  input.close();
}

const [step = '', from = '', to = '', given = '0/1'] = process.argv.slice(2);
const [which = 0, of = 1] = given.split('/').map(Number);
rmSync(to, { force: true });
const now = (): number => (performance.timeOrigin + performance.now()) / 1000;
const [began, cpu] = [now(), process.cpuUsage()];
await work(step, from, to, { which, of });
const ended = now();
const { user, system } = process.cpuUsage(cpu);
// Not `maxRSS`: that begins with what the process held that started this one.
const [, peak] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
const peakKiB = Number(peak);
console.log(JSON.stringify({ seconds: ended - began, cpu: (user + system) / 1e6, peakKiB, began, ended }));
