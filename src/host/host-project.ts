import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { digestOf, sha256, type Digest } from '../base/digest.js';
import { bundleRule } from '../rule/bundle.js';
import { findRule } from '../rule/find.js';
import { packageRoot } from '../rule/package-root.js';
import { tempProject, type TempProject } from '../rule/temp-project.js';
import type { JsonObject } from '../base/json.js';
import { writeAtomic } from '../store/atomic-write.js';
import type { PartResult } from '../store/part-columns.js';
import { columnsOf } from '../store/part-results.js';
import { bytesOfDigests } from '../store/part-keys.js';
import { PARTS_PER_BLOCK } from '../store/part-lists.js';
import type { Grace } from './job.js';
import { packParts, unpackParts } from './packed-parts.js';
import { HostPool, type RunOptions } from './pool.js';
import type { KindName } from '../artifacts/kind.js';
import { TaskError } from './task-error.js';
import type {
  HandedInput,
  ListedPart,
  MadePart,
  MadeParts,
  StagedOutput,
  TaskFailure,
  TaskMessage,
} from './protocol.js';

/** A project with rules and real hosts, for one test. */
export interface HostProject extends TempProject {
  readonly pool: HostPool;
  /** What every task has. */
  work(task?: Partial<WorkOptions>): Work;
  /** The same for a rule, bundled. */
  ruleWork(rule: string, task?: Partial<WorkOptions>): Promise<Work & RuleWork>;
  /** Runs a whole rule whose one output is the file `out`, and gives that file's text and what was said. */
  whole(rule: string, options?: Options): Promise<{ text: string; said: TaskMessage[] }>;
  list(rule: string, options?: Partial<WorkOptions>): Promise<{ parts: ListedPart[]; count: number }>;
  /** Makes one part. @throws TaskError where it, or the task, fails */
  make(rule: string, part: ListedPart, options?: Options): Promise<MadePart>;
  command(text: string, options?: Options): Promise<{ said: TaskMessage[] }>;
  staged(name: string, kind: KindName): StagedOutput;
  handed(name: string, kind: KindName): HandedInput;
}

interface WorkOptions {
  readonly env: Record<string, string>;
  readonly secrets: Record<string, string>;
  readonly inputs: Record<string, HandedInput | readonly HandedInput[] | null>;
  readonly outputs: Record<string, StagedOutput>;
  readonly params: JsonObject;
  readonly envDigests: Record<string, Digest | null>;
  readonly askAgain?: string;
}
type Options = Partial<WorkOptions> & RunOptions;
interface Work extends WorkOptions {
  readonly target: string;
  readonly root: string;
  readonly cache: string;
}
interface RuleWork {
  readonly rule: string;
  readonly code: Digest;
  readonly bundle: string;
  readonly source: string;
}

export function hostProject(
  t: ExecutionContext,
  files: Record<string, string> = {},
  options: { readonly slots?: number; readonly commands?: 'shells' | 'hosts' } = {},
): HostProject {
  const project = tempProject(t, files);
  const { root } = project;
  const cache = join(root, 'cache');
  const stage = join(cache, 'stage/run');
  mkdirSync(stage, { recursive: true });
  mkdirSync(join(cache, 'objects'), { recursive: true });
  const { slots = 1, commands = 'shells' } = options;
  const pool = new HostPool({ slots, root, cache, commands });
  t.teardown(() => pool.kill());
  let stages = 0;

  const host: HostProject = {
    ...project,
    pool,
    work: (task = {}) => ({
      target: 'target',
      root,
      cache,
      env: {},
      secrets: {},
      inputs: {},
      outputs: {},
      params: {},
      envDigests: {},
      ...task,
    }),
    async ruleWork(rule, task) {
      const found = findRule(rule, { root, packageRoot: packageRoot() });
      if (found === undefined) throw new Error(`there is no rule ${rule}`);
      const { program, code } = await bundleRule(found);
      const name = `cache/rules/${sha256(program).slice(7)}.cjs`;
      // A host may be reading it, put there for another task.
      mkdirSync(join(root, 'cache/rules'), { recursive: true });
      writeAtomic(join(root, name), program);
      return { ...host.work(task), rule, code, bundle: join(root, name), source: found.path };
    },
    async whole(rule, given = {}) {
      const [options, task] = split(given);
      const out = host.staged('out', 'file');
      const work = await host.ruleWork(rule, { outputs: { out }, ...task });
      const said: TaskMessage[] = [];
      await pool.run({ ...work, type: 'whole', keep: true }, { ...options, on: (message) => said.push(message) });
      return { text: readFileSync(out.path, 'utf8'), said };
    },
    async list(rule, given = {}) {
      const parts: ListedPart[] = [];
      const work = await host.ruleWork(rule, given);
      const { count } = await pool.run(
        { ...work, type: 'list' },
        {
          listed: ({ ids }) => [...(JSON.parse(ids) as string[]).keys()],
          on: (message) => (message.type === 'parts' ? parts.push(...unpackParts(message.parts)) : 0),
        },
      );
      return { parts, count };
    },
    async make(rule, part, given = {}) {
      const [options, task] = split(given);
      const ends: (MadePart | TaskFailure)[] = [];
      await pool.run(
        { ...(await host.ruleWork(rule, task)), type: 'make', parts: packParts([part]) },
        {
          ...options,
          on: (message, id) => {
            if (message.type === 'made') ends.push(...message.parts);
            else if (message.type === 'part-failed') ends.push(message.failure);
            else options.on?.(message, id);
          },
        },
      );
      const [end] = ends;
      if (end === undefined || ends.length > 1) throw new Error(`one part ended ${ends.length} times`);
      if ('type' in end) throw new TaskError(end);
      return end;
    },
    async command(text, given = {}) {
      const [options, task] = split(given);
      const said: TaskMessage[] = [];
      await pool.run(
        { ...host.work(task), type: 'command', text, keep: true },
        { ...options, on: (message) => said.push(message) },
      );
      return { said };
    },
    staged(name, kind) {
      const path = join(stage, String(++stages));
      mkdirSync(path);
      return { kind, path: join(path, name) };
    },
    handed: (name, kind) => ({ kind, path: join(root, name), digest: digestOf(name) }),
  };
  return host;
}

/** What the pool is told, and what the task is. */
function split({ on, signal, timeoutMs, concurrency, grace, ...task }: Options): [RunOptions, Partial<WorkOptions>] {
  return [
    {
      ...(on && { on }),
      ...(signal && { signal }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(concurrency !== undefined && { concurrency }),
      ...(grace && { grace }),
    },
    task,
  ];
}

export type RecordedPart = PartResult & { readonly id: string };

/** Parts as `assemble` takes them. */
export function madeParts(parts: readonly RecordedPart[]): MadeParts[] {
  const blocks: MadeParts[] = [];
  for (let start = 0; start < parts.length; start += PARTS_PER_BLOCK) {
    const some = parts.slice(start, start + PARTS_PER_BLOCK);
    const ids = some.map(({ id }) => id);
    const keys = bytesOfDigests(ids.map((id) => digestOf(id)));
    blocks.push({ ids: JSON.stringify(ids), keys, made: columnsOf(some).encode(keys) });
  }
  return blocks;
}

/** For what must end by itself: on a machine that is busy it may take long. */
export const PATIENT: Grace = { softMs: 60_000, termMs: 60_000 };

/** How a task failed that must fail. */
export async function failureOf(t: ExecutionContext, run: Promise<unknown>): Promise<TaskFailure> {
  const error = await t.throwsAsync(run, { instanceOf: TaskError });
  return error.failure;
}

/** A whole rule with one file output and a given body of `run`. */
export const wholeRule = (body: string, before = '') => `import { defineRule, file, UserError } from 'vlmbuild';
import { z } from 'zod';
${before}
export default defineRule({
  summary: 'For a test.',
  params: z.strictObject({ text: z.string().default('text') }),
  outputs: { out: file() },
  async run({ outputs, params, env, secrets, log, progress, signal, once }) {
    ${body}
  },
});
`;

export const logLines = (said: readonly TaskMessage[]): readonly string[] =>
  said.flatMap((message) => (message.type === 'log' ? [`${message.stream}: ${message.line}`] : []));

/** Resolves when a file is there: how a rule or command says that it has come so far. */
export async function appeared(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise((done) => setTimeout(done, 2));
}

/** Resolves when a process is gone. */
export async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((done) => setTimeout(done, 2));
}

/** Resolves when a process is stopped, as SIGSTOP does it. */
export async function stopped(pid: number): Promise<void> {
  while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T ')) await new Promise((done) => setTimeout(done, 2));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie is dead; its parent has not looked yet.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
