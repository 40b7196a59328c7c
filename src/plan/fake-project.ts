import type { ArtifactRecord, DirectoryEntry, KindName } from '../artifacts/kind.js';
import { sha256, type Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import type { InputUse, OutputUse, Pipeline, Reference, Target } from '../config/pipeline.js';
import type { Location } from '../diagnostics/diagnostic.js';
import { decide, decideAll, modulesOf, type PlanContext } from './decide.js';
import type { Decision } from './decision.js';
import { detailsToJson } from './details.js';
import type { Digester } from './digester.js';
import { buildGraph, neededBy, type Graph } from './graph.js';
import type { History, PastAction } from './history.js';
import { lockedTarget, nextLock, type LockFile } from './lock-file.js';

const AT: Location = { path: 'pipeline.yaml', line: 1, column: 1 };

/** A target of a fake project: `out` is a path, or kinds by output name. Inputs are references as in the pipeline file. */
export interface FakeTarget {
  readonly rule?: string;
  readonly code?: string;
  readonly modules?: Readonly<Record<string, Digest>>;
  readonly deterministic?: boolean;
  readonly run?: string;
  readonly tools?: readonly string[];
  readonly params?: JsonObject;
  readonly inputs?: Readonly<Record<string, FakeInput>>;
  readonly outputs: Readonly<Record<string, { readonly path: string; readonly kind?: KindName }>>;
  readonly env?: readonly string[];
}

export interface FakeInput {
  readonly kind?: KindName;
  readonly list?: boolean;
  readonly optional?: boolean;
  /** `target.output`, a path that has a slash, or a glob. */
  readonly from: readonly string[];
}

/**
 * A project in memory, for tests: files, a store, a history, and a builder that does what decisions say. What a target
 * makes is a function of its key alone, or of `make`.
 */
export class FakeProject {
  root = '/nowhere';
  files = new Map<string, string>();
  store = new Set<Digest>();
  actions: PastAction[] = [];
  failures = new Map<string, { key: Digest; message: string }>();
  environment: Record<string, string> = {};
  versions: Record<string, string> = {};
  lock: LockFile | undefined;
  forced = new Set<string>();
  /** Names of the targets that ran, oldest first. */
  ran: string[] = [];
  hashed: string[] = [];
  make: (target: Target, output: string, key: Digest) => string = (_, output, key) => `${output} by ${key}`;
  #targets: Readonly<Record<string, FakeTarget>> = {};

  set targets(targets: Readonly<Record<string, FakeTarget>>) {
    this.#targets = targets;
  }

  get graph(): Graph {
    const { graph, problems } = buildGraph(this.#pipeline());
    const [problem] = problems;
    if (problem !== undefined) throw new Error(problem.headline);
    return graph;
  }

  context(): PlanContext {
    return {
      graph: this.graph,
      digester: this.#digester(),
      history: this.#history(),
      lock: this.lock,
      environment: { get: (name) => this.environment[name] },
      forced: this.forced,
      present: (record) => this.store.has(record.bytes.sha256),
      tools: async (names) => Object.fromEntries(names.map((name) => [name, this.versions[name] ?? '1'])),
    };
  }

  async plan(): Promise<Map<string, Decision>> {
    return decideAll(this.context(), Object.keys(this.#targets));
  }

  /** Runs and restores what is not fresh, in order, and writes the lock. */
  async build(): Promise<Map<string, Decision>> {
    const context = this.context();
    const done = new Map<string, Decision>();
    for (const name of neededBy(context.graph, Object.keys(this.#targets))) {
      const target = context.graph.pipeline.targets.get(name);
      if (target === undefined) continue;
      const decision = await decide(target, context, (other) => done.get(other));
      if (decision.state === 'waiting') throw new Error(`${name} waits`);
      if (decision.state === 'stale') this.#run(target, decision);
      if (decision.state === 'restorable') this.#restore(target, decision);
      done.set(name, await decide(target, { ...context, forced: new Set() }, (other) => done.get(other)));
    }
    const succeeded = [...done.values()].flatMap((decision) => {
      const target = context.graph.pipeline.targets.get(decision.target);
      if (decision.state !== 'fresh' || target === undefined) return [];
      const digests = Object.entries(decision.outputs).map(([name, { digest }]): [string, Digest] => [name, digest]);
      return [[target.name, lockedTarget(target, decision.fingerprint, Object.fromEntries(digests))] as const];
    });
    this.lock = nextLock(this.lock, Object.fromEntries(succeeded), (name) => context.graph.pipeline.targets.has(name));
    return done;
  }

  #run(target: Target, decision: Extract<Decision, { state: 'stale' }>): void {
    this.ran.push(target.name);
    const outputs: Record<string, ArtifactRecord> = {};
    for (const { name, kind, path } of Object.values(target.outputs)) {
      const content = this.make(target, name, decision.key);
      this.files.set(path, content);
      outputs[name] = {
        kind,
        digest: digestAs(kind, content),
        bytes: { sha256: sha256(content), size: content.length },
      };
      if (target.store) this.store.add(sha256(content));
    }
    this.actions = this.actions.filter(({ key }) => key !== decision.key);
    this.actions.unshift({
      key: decision.key,
      target: target.name,
      fingerprint: decision.fingerprint as unknown as JsonObject,
      modules: modulesOf(target),
      outputs,
      parts: null,
      seconds: 1,
      details: detailsToJson(decision.details),
    });
    this.contents = new Map([
      ...this.contents,
      ...[...this.files.values()].map((text) => [sha256(text), text] as const),
    ]);
    this.last.set(target.name, decision.key);
  }

  #restore(target: Target, decision: Extract<Decision, { state: 'restorable' }>): void {
    for (const name of decision.restore) {
      const content = this.contents.get(decision.outputs[name]?.bytes.sha256 ?? sha256(''));
      const path = target.outputs[name]?.path;
      if (content === undefined || path === undefined) throw new Error(`cannot restore ${name}`);
      this.files.set(path, content);
    }
    this.last.set(target.name, decision.key);
  }

  contents = new Map<Digest, string>();
  last = new Map<string, Digest>();

  #history(): History {
    const action = (key: Digest | undefined): PastAction | undefined => this.actions.find((one) => one.key === key);
    return {
      action,
      lastSuccess: (target) => action(this.last.get(target)),
      actionsOf: (target) => this.actions.filter((one) => one.target === target),
      recentActions: (limit) => this.actions.slice(0, limit),
      failure: (target) => this.failures.get(target),
      knowsOutput: (digest) =>
        this.actions.some(({ outputs }) => Object.values(outputs).some((output) => output.digest === digest)),
    };
  }

  #digester(): Digester {
    return {
      known: () => undefined,
      digest: async (path, kind) => {
        this.hashed.push(path);
        if (kind === 'directory') {
          const inside = [...this.files].filter(([name]) => name.startsWith(`${path}/`)).sort();
          return inside.length === 0 ? 'absent' : sha256(JSON.stringify(inside));
        }
        const content = this.files.get(path);
        if (content === 'not a database' && kind === 'sqlite') throw new Error('not a database');
        return content === undefined ? 'absent' : digestAs(kind, content);
      },
      entries: async (path): Promise<DirectoryEntry[]> =>
        [...this.files]
          .filter(([name]) => name.startsWith(`${path}/`))
          .map(([name, text]) => ({
            name: name.slice(path.length + 1),
            executable: false,
            sha256: sha256(text),
            size: text.length,
          })),
      isExecutable: () => false,
    };
  }

  #pipeline(): Pipeline {
    const targets = new Map(Object.entries(this.#targets).map(([name, fake]) => [name, this.#target(name, fake)]));
    return {
      file: `${this.root}/pipeline.yaml`,
      root: this.root,
      targets,
      matrices: new Map(),
      defaults: [...targets.keys()],
      pools: {},
      environmentRead: { FROM_VALUES: null },
      overridden: false,
      // The sources are in memory: nothing on disk is missing.
      leftOut: { targets: [], incomplete: true },
    };
  }

  #target(name: string, fake: FakeTarget): Target {
    const outputs = Object.entries(fake.outputs).map(([output, { path, kind = 'file' }]): [string, OutputUse] => [
      output,
      { name: output, kind, path, at: AT },
    ]);
    const inputs = Object.entries(fake.inputs ?? {}).map(([role, input]): [string, InputUse] => {
      const { kind = 'file', list = false, optional = false } = input;
      const references = input.from.map((text): Reference => {
        if (text.includes('*')) return { type: 'glob', pattern: text, at: AT };
        if (text.includes('/')) return { type: 'path', path: text, at: AT };
        const [target = '', output = 'out'] = text.split('.');
        return { type: 'output', target, output };
      });
      return [role, { role, kind, list, optional, references, at: AT }];
    });
    return {
      name,
      base: name,
      matrix: {},
      at: AT,
      work:
        fake.run === undefined
          ? ruleUse(fake)
          : { type: 'command', text: fake.run, tools: fake.tools ?? [], allow: [] },
      inputs: Object.fromEntries(inputs),
      params: fake.params ?? {},
      outputs: Object.fromEntries(outputs),
      env: fake.env ?? [],
      secrets: [],
      retries: 0,
      allowFailures: { type: 'count', parts: 0 },
      resources: { cpus: 1, gpus: 0, pools: {} },
      after: [],
      store: true,
    };
  }
}

/** A database's digest is not that of its bytes. */
function digestAs(kind: KindName, content: string): Digest {
  return sha256(kind === 'sqlite' ? `rows of ${content}` : content);
}

function ruleUse(fake: FakeTarget): Target['work'] {
  const { rule = 'test/rule', code = 'code', modules = {}, deterministic = true } = fake;
  return {
    type: 'rule',
    concurrency: null,
    deterministic,
    rule: {
      name: rule,
      path: `/nowhere/rules/${rule}.ts`,
      code: sha256(code),
      bundle: '/nowhere/bundle.cjs',
      modules,
      closure: [`/nowhere/rules/${rule}.ts`],
      shadows: [`/nowhere/shadow/${rule}.ts`],
      summary: '',
      shape: 'whole',
      inputs: {},
      outputs: {},
      params: {},
      assembles: false,
      asks: false,
    },
  };
}
