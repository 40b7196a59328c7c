/**
 * The work of a rule alone, in one thread, as a host does it: its parts listed and made one after the other into one
 * file, without the digests of which the keys of parts are made. Prints what it took since its modules were loaded, as
 * `data-python.py` does.
 *
 *     node build/bench/data-rule.js export|filter FROM TO
 */
import { readFileSync, rmSync } from 'node:fs';
import type { AnyRule, Json, Part, RuleSlice } from 'vlmbuild';
import exportRule from '../rules/sft/export.js';
import filterRule from '../rules/sft/filter.js';
import { openInput, openOutput, openSlice, Readings, sliceOf } from '../src/artifacts/handles.js';

const STEPS: Readonly<Record<string, { rule: AnyRule; role: string; kind: 'sqlite' | 'jsonl' }>> = {
  export: { rule: exportRule, role: 'db', kind: 'sqlite' },
  filter: { rule: filterRule, role: 'rows', kind: 'jsonl' },
};

async function work(step: string, from: string, to: string): Promise<void> {
  const { rule, role, kind } = STEPS[step] ?? { rule: undefined, role: '', kind: 'jsonl' };
  if (rule?.shape !== 'parts') throw new Error(`no rule in parts is called ${step}`);
  const input = openInput({ kind, path: from, digest: `sha256:${'0'.repeat(64)}` });
  const params = rule.params.parse({});
  const out = openOutput({ kind: 'jsonl', path: to });
  const readings = new Readings();
  const { signal } = new AbortController();
  const context = { env: {}, secrets: {}, log: () => undefined, progress: () => undefined, signal };
  const make = async (part: Part<Json, Readonly<Record<string, RuleSlice>>>): Promise<void> => {
    const slices = Object.entries(part.inputs ?? {}).map(
      ([name, handle]) => [name, openSlice(sliceOf(handle), readings)] as const,
    );
    const given = {
      once: undefined as never,
      spec: part.spec,
      inputs: Object.fromEntries(slices.map(([name, slice]) => [name, slice.handle])),
      outputs: { rows: out.handle },
    };
    await rule.make(Object.assign(given, context));
    for (const [, slice] of slices) slice.close();
  };
  const parts = rule.parts({ inputs: { [role]: input.handle }, params });
  // As a host does: what comes at once is not waited for.
  if (Symbol.asyncIterator in parts) for await (const part of parts) await make(part);
  else for (const part of parts) await make(part);
  out.finish();
  readings.close();
  input.close();
}

const [step = '', from = '', to = ''] = process.argv.slice(2);
rmSync(to, { force: true });
const [start, cpu] = [performance.now(), process.cpuUsage()];
await work(step, from, to);
const { user, system } = process.cpuUsage(cpu);
const seconds = (performance.now() - start) / 1000;
// Not `maxRSS`: that begins with what the process held that started this one.
const [, peak] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6, peakKiB: Number(peak) }));
