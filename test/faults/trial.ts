import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { deeds, Project, withEvents, type Built, type Result } from '../rig.js';
import { indexedParts, indexedTargets, lockedBlocks, outputContents, type Contents } from './observe.js';
import { edit, printModel, randomModel, type Model, type ModelOutput } from './pipelines.js';
import { killAll, processesOf } from './processes.js';
import type { Random } from './random.js';

/**
 * One project that is edited and built under faults, beside one that is built from nothing in another folder after every
 * edit: it tells what must be there.
 */
export class Trial {
  readonly project: Project;
  /** What happened, for whoever looks into a failure. */
  readonly story: string[] = [];
  readonly #clean: Project;
  readonly #model: Model;
  /** Every content that an output file may have: what builds from nothing gave so far. */
  readonly #versions = new Map<string, Set<string>>();
  #wanted: Wanted | undefined;

  constructor(t: Pick<ExecutionContext, 'teardown'>, random: Random) {
    this.#model = randomModel(random);
    this.project = new Project(t, {});
    this.#clean = new Project(t, {});
    this.project.environment['HOME'] = this.project.root;
    t.teardown(() => killAll(this.project.root));
    this.#write();
  }

  get outputs(): readonly ModelOutput[] {
    return this.#model.targets.flatMap(({ outputs }) => outputs);
  }

  edit(random: Random): void {
    this.story.push(`edit: ${edit(this.#model, random)}`);
    this.#write();
  }

  /** Builds from nothing what the project must come to. */
  async findWanted(): Promise<void> {
    const clean = this.#clean;
    for (const path of ['out', 'pipeline.lock']) rmSync(clean.path(path), { recursive: true, force: true });
    if (clean.exists('cache')) {
      // What is remembered of rules goes by their digests, and saves two processes.
      for (const name of readdirSync(clean.path('cache')))
        if (name !== 'rules') rmSync(join(clean.path('cache'), name), { recursive: true, force: true });
    }
    const built = await clean.build('-k');
    const done = deeds(built);
    const wanted: Wanted = {
      code: built.code,
      failed: Object.keys(done).filter((name) => done[name] === 'failed' || done[name] === 'skipped'),
      contents: outputContents(clean.root, this.outputs),
      lock: lockedBlocks(clean.root),
      index: indexedTargets(clean.root, this.#model.targets) ?? {},
      parts: indexedParts(clean.root, this.#model.targets) ?? {},
    };
    assert.ok(wanted.code === 0 || wanted.code === 1, `a build from nothing: ${built.stdout}${built.stderr}`);
    for (const [path, content] of wanted.contents) this.allow(path, content);
    this.#wanted = wanted;
  }

  /** From now on an output file may be found with this content. */
  allow(path: string, content: string): void {
    const versions = this.#versions.get(path) ?? new Set();
    this.#versions.set(path, versions.add(content));
  }

  /** Builds, meets what the tracer has in store, and holds what is promised whatever that was. */
  async buildUnder(tracer: readonly string[], args: readonly string[], rest: 'killed' | 'left'): Promise<Result> {
    const { root } = this.project;
    const started = this.project.startUnder(tracer, ...args);
    if (rest === 'killed') started.child.on('exit', () => killAll(root));
    const result = await started.ended;
    this.#checkOutputs();
    return result;
  }

  /** Builds to the end: all is as a build from nothing has it. */
  async checkBuild(): Promise<Built> {
    const wanted = this.#wanted;
    assert.ok(wanted !== undefined, 'nothing was built to compare with');
    const { project } = this;
    const built = withEvents(await project.run('--json', '-k'));
    const said = `${built.stdout}${built.stderr}`.slice(-3000);
    assert.equal(built.code, wanted.code, said);
    const done = deeds(built);
    const failed = Object.keys(done).filter((name) => done[name] === 'failed' || done[name] === 'skipped');
    assert.deepEqual(failed.sort(), [...wanted.failed].sort(), said);
    this.#checkOutputs();
    this.#checkSources();

    const good = this.#model.targets.filter(({ name }) => !failed.includes(name));
    const outputs = good.flatMap((target) => target.outputs);
    const expected = pick(wanted.contents, outputs);
    assert.deepEqual(Object.fromEntries(outputContents(project.root, outputs)), Object.fromEntries(expected), said);
    const names = good.map(({ name }) => name);
    assert.deepEqual(named(lockedBlocks(project.root), names), named(wanted.lock, names), 'pipeline.lock');
    let [targets, parts] = [indexedTargets(project.root, good), indexedParts(project.root, good)];
    if (targets === undefined || parts === undefined) {
      // Damage where the build had no need to look.
      const again = await project.run('-k');
      assert.equal(again.code, wanted.code, again.stdout + again.stderr);
      [targets, parts] = [indexedTargets(project.root, good), indexedParts(project.root, good)];
    }
    assert.deepEqual(named(targets ?? {}, names), named(wanted.index, names), `the index\n${said}`);
    for (const [key, part] of Object.entries(parts ?? {}))
      assert.equal(part, wanted.parts[key] ?? part, `the index: part ${key}`);
    if (failed.length === 0) assert.equal(project.read('pipeline.lock'), this.#clean.read('pipeline.lock'));
    assert.deepEqual(readdirSync(project.path('cache/stage')), [], 'what dead runs left in the stage');
    assert.deepEqual(unfinished(project.path('out')), [], 'what an installation left');
    return built;
  }

  /** A build right after a build runs nothing and writes nothing. */
  async checkStill(): Promise<void> {
    const { project } = this;
    const before = project.times();
    const { code, stdout } = await project.run();
    if ((this.#wanted?.failed ?? []).length > 0) return;
    assert.equal(code, 0, stdout);
    if (!/^everything is fresh/.test(stdout)) {
      // Parts that may fail are tried again.
      assert.ok(
        Object.values(lockedBlocks(project.root)).some((block) => block.includes('"partial"')),
        stdout,
      );
      return;
    }
    assert.deepEqual(project.times(), before);
  }

  /** Every object of the store is what its name says; one that is not is found once, and dropped. */
  async checkStore(): Promise<void> {
    const found = await this.project.run('cache', 'verify');
    assert.ok(found.code === 0 || found.code === 3, found.stdout + found.stderr);
    const { code, stdout, stderr } = await this.project.run('cache', 'verify');
    // Of what is dropped a list may be left, which is told until its target is made again.
    assert.ok(code === 0 || code === 3, stdout + stderr);
    assert.doesNotMatch(stdout, /^damaged, dropped/m);
  }

  /** Of what was started here nothing runs any more. */
  async checkNobody(): Promise<void> {
    const until = performance.now() + 20_000;
    while (processesOf(this.project.root).length > 0) {
      assert.ok(performance.now() < until, 'processes of a killed build go on');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #write(): void {
    const files = printModel(this.#model);
    for (const project of [this.project, this.#clean]) {
      for (const [path, text] of Object.entries(files))
        if (!project.exists(path) || project.read(path) !== text) project.write(path, text);
      if (!project.exists('data')) continue;
      for (const entry of readdirSync(project.path('data'), { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name).slice(project.root.length + 1);
        if (entry.isFile() && !(path in files)) rmSync(project.path(path));
      }
    }
  }

  /** No output path shows a half-written file. */
  #checkOutputs(): void {
    const outputs = this.outputs.filter(({ own }) => own !== true);
    for (const [path, content] of outputContents(this.project.root, outputs))
      assert.ok(this.#versions.get(path)?.has(content), `half-written: ${path} (${content})`);
  }

  /** No source is ever modified. */
  #checkSources(): void {
    for (const [path, text] of Object.entries(printModel(this.#model)))
      assert.equal(this.project.read(path), text, `a source was changed: ${path}`);
  }
}

interface Wanted {
  readonly code: number | null;
  /** Targets that fail, and those that need them. */
  readonly failed: readonly string[];
  readonly contents: Contents;
  readonly lock: Readonly<Record<string, string>>;
  readonly index: Readonly<Record<string, string>>;
  readonly parts: Readonly<Record<string, string>>;
}

function pick(contents: Contents, outputs: readonly ModelOutput[]): Contents {
  const below = (path: string): boolean =>
    outputs.some((output) => (output.kind === 'directory' ? path.startsWith(output.path) : path === output.path));
  return new Map([...contents].filter(([path]) => below(path)));
}

function named(all: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

function unfinished(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /(^|\/)\.vlmbuild/.test(name));
}
