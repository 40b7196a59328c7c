import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseThread } from '../artifacts/database-thread.js';
import { ArtifactDigester } from '../artifacts/digester.js';
import { Hashing } from '../artifacts/hashing.js';
import type { KeptDirectories } from '../artifacts/kept-directories.js';
import { kindNamed } from '../artifacts/kinds.js';
import { DatabaseMemories } from '../artifacts/sqlite-memories.js';
import { optimizeLate } from '../base/optimize-late.js';
import { UNTIMED_LINE, type Timeline } from '../base/timeline.js';
import { readEnvironment, type Environment } from '../config/environment.js';
import { loadPipeline } from '../config/load.js';
import type { Pipeline } from '../config/pipeline.js';
import { inTextOrder } from '../config/problems.js';
import { UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { HostPool } from '../host/pool.js';
import type { PlanContext } from '../plan/decide.js';
import { buildGraph, type Graph } from '../plan/graph.js';
import type { History, PastAction } from '../plan/history.js';
import { lockPath, readLock, type LockFile } from '../plan/lock-file.js';
import type { LoadedRule } from '../rule/description.js';
import type { RuleLoader } from '../rule/loader.js';
import { packageRoot } from '../rule/package-root.js';
import { closeClock, tick, tickLength } from '../store/clock.js';
import type { AfterClose, Index } from '../store/index-db.js';
import { cacheLayout, type CacheLayout } from '../store/layout.js';
import { CorruptObject, ObjectStore } from '../store/objects.js';
import { ReadableCache } from '../store/readable-cache.js';
import { shortPath } from '../base/shown-path.js';
import { noticesOf, openIndex } from './open-index.js';
import { rulesIn } from './rules.js';
import { Tools } from './tools.js';

export interface SessionOptions {
  /** The pipeline file, absolute; its folder is the project root. */
  readonly file: string;
  /** `--set` arguments. */
  readonly set?: readonly string[];
  /** The real environment: `process.env`. */
  readonly environment: NodeJS.ProcessEnv;
  /** How many hosts may work at once. */
  readonly jobs?: number;
  /** `nothing`: no stat record is believed, every byte is read (`verify`). */
  readonly trust?: 'stat' | 'nothing';
  /** Hosts of the caller's, which it keeps warm between sessions and ends itself; `jobs` is how many they are. */
  readonly hosts?: HostPool;
  /** Told where the time goes. */
  readonly timeline?: Timeline;
  /** `reading`: nothing is built; where `cache/` cannot be written, that is done without. */
  readonly access?: 'reading' | 'building';
  /** Directories that the caller keeps between sessions: it tells of every change in them. */
  readonly kept?: KeptDirectories;
}

/**
 * A project opened: its pipeline read and checked, its store at hand. Every command begins with one. Cheap: a host is
 * started only where a rule must be described or run.
 */
export interface Session {
  readonly root: string;
  readonly file: string;
  readonly pipeline: Pipeline;
  readonly graph: Graph;
  readonly environment: Environment;
  readonly realEnvironment: NodeJS.ProcessEnv;
  readonly layout: CacheLayout;
  readonly objects: ObjectStore;
  readonly index: Index;
  readonly digester: ArtifactDigester;
  readonly rules: RuleLoader;
  readonly hosts: HostPool;
  readonly tools: Tools;
  readonly timeline: Timeline;
  readonly jobs: number;
  /** When the pipeline and the rules began to be read, in milliseconds since 1970. */
  readonly openedMs: number;
  /** Where the lock is, whether it exists or not; and what it says. */
  readonly lockPath: string;
  readonly lock: LockFile | undefined;
  /** What the user should know of the store and was not told yet: that the index was begun anew. */
  takeNotices(): readonly Diagnostic[];
  /**
   * What decisions are made from. `onDamage` is told of an object of the store that a decision looked into and found
   * damaged: it is dropped, and the result counts as lost.
   */
  planContext(options?: {
    readonly forced?: ReadonlySet<string>;
    readonly onDamage?: (damage: CorruptObject) => void;
  }): PlanContext;
  /**
   * The same project for another build: its pipeline, rules and environment as they were read, the lock as it is now.
   * To be closed once, by whichever of them.
   */
  again(): Session;
  /** Writes what is buffered, ends the hosts, closes the store. May be called twice. See `Index.close`. */
  close(next?: AfterClose): Promise<void>;
}

/** Bytes of a pipeline's text: of some hundred targets, up to a few thousand. What takes longer to read is to be optimized. */
const LONG_TEXT = { from: 16 << 10, to: 256 << 10 } as const;

function isLong(file: string): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return size >= LONG_TEXT.from && size <= LONG_TEXT.to;
}

/**
 * Nothing is written to `cache/` before the pipeline is known to be right, but for what is remembered of its rules.
 *
 * @throws UserFacingError with everything that is wrong with the pipeline (exit code 2). Inputs that are not there are for
 *   those to tell who need them (`refuseAbsent`).
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const begun = begin(options);
  const { hosts, rules, environment, timeline, release } = begun;
  try {
    const { pipeline, graph } = await timeline.during(
      { phase: 'read the pipeline', lane: { type: 'build' } },
      async () => {
        if (isLong(options.file)) optimizeLate('reading');
        const { pipeline, problems } = await loadPipeline({
          file: options.file,
          rules,
          set: options.set ?? [],
          environment,
        });
        const { graph, problems: graphProblems } = buildGraph(pipeline);
        if (problems.length + graphProblems.length > 0) {
          const absent = [...graph.absent.values()].flat();
          throw new UserFacingError([...problems, ...inTextOrder([...graphProblems, ...absent])]);
        }
        return { pipeline, graph };
      },
    );
    const lockFile = new LockReader(lockPath(options.file));
    return openStore(options, { ...begun, pipeline, graph, lock: lockFile.read() }, lockFile);
  } catch (error) {
    if (options.hosts === undefined) {
      hosts.kill();
      await hosts.close();
    }
    release();
    throw error;
  }
}

/**
 * As `openSession`, of a part of the pipeline that is known to be as it was when it was read and checked.
 *
 * @param soon what will most likely run: a host for the rule, or a shell for the command, begins while the store is opened
 */
export function openPlanned(
  options: SessionOptions,
  planned: { readonly graph: Graph; readonly lock: LockFile | undefined },
  soon?: LoadedRule | 'command',
): Session {
  const opened = { ...begin(options), ...planned, pipeline: planned.graph.pipeline };
  if (soon === 'command') opened.hosts.prepareCommands();
  else if (soon !== undefined) opened.hosts.prepare({ bundle: soon.bundle, source: soon.path }, 1);
  return openStore(options, opened, new LockReader(lockPath(options.file)));
}

function begin(options: SessionOptions): Begun {
  const openedMs = Date.now();
  const timeline = options.timeline ?? UNTIMED_LINE;
  timeline.begin({ phase: 'start', lane: { type: 'build' } }, 0).end();
  const root = dirname(options.file);
  const own = cacheLayout(root);
  const readable = options.access === 'reading' ? ReadableCache.of(own) : undefined;
  const layout = readable?.layout ?? own;
  const jobs = Math.max(1, options.jobs ?? 1);
  const hosts = options.hosts ?? new HostPool({ slots: jobs, root, cache: layout.cache });
  const rules = rulesIn(hosts, layout);
  return {
    root,
    layout,
    jobs,
    hosts,
    rules,
    environment: readEnvironment(root, options.environment),
    openedMs,
    timeline,
    release: () => readable?.remove(),
  };
}

interface Begun extends Omit<Opened, 'pipeline' | 'graph' | 'lock'> {
  /** When nothing of the cache is open any more. */
  readonly release: () => void;
}

type Opened = Pick<
  Session,
  | 'root'
  | 'layout'
  | 'jobs'
  | 'hosts'
  | 'rules'
  | 'environment'
  | 'pipeline'
  | 'graph'
  | 'lock'
  | 'openedMs'
  | 'timeline'
>;

function openStore(options: SessionOptions, { release, ...opened }: Opened & Begun, lockFile: LockReader): Session {
  const { layout, hosts, timeline } = opened;
  const opening = timeline.begin({ phase: 'open the store', lane: { type: 'build' } });
  const index = openIndex(layout);
  opening.end();
  const hashing = new Hashing(join(packageRoot(), 'dist', 'hash-worker.cjs'));
  let closed = false;
  return sessionOf(options, opened, {
    index,
    takeNotices: noticesOf(index),
    objects: new ObjectStore(layout.objects),
    tools: new Tools(opened.root, options.environment),
    hashing,
    lockFile,
    close: async (next) => {
      if (closed) return;
      closed = true;
      hashing.close();
      closeClock(layout);
      if (options.hosts === undefined) await hosts.close();
      index.close(next);
      release();
    },
  });
}

/** What the sessions of one opening share. */
interface Shared extends Pick<Session, 'index' | 'objects' | 'tools' | 'takeNotices' | 'close'> {
  readonly lockFile: LockReader;
  readonly hashing: Hashing;
}

function sessionOf(options: SessionOptions, opened: Opened, shared: Shared): Session {
  const { root, layout, graph, lock, environment, timeline } = opened;
  const { index, objects, tools, hashing, lockFile, close } = shared;
  const digester = new ArtifactDigester({
    root,
    index,
    objects,
    hashing,
    databaseThread: new DatabaseThread(join(packageRoot(), 'dist', 'database-worker.cjs')),
    databases: new DatabaseMemories(layout.databases),
    trust: options.trust ?? 'stat',
    clock: () => tick(layout),
    tickNs: () => tickLength(layout),
    ...(options.kept === undefined ? {} : { kept: options.kept }),
    ...(timeline.isOn ? { onHash: (paths, bytes) => digesting(timeline, root, paths, bytes) } : {}),
  });
  const history = historyOf(index);
  return {
    ...opened,
    file: options.file,
    realEnvironment: options.environment,
    objects,
    index,
    digester,
    tools,
    lockPath: lockFile.path,
    takeNotices: shared.takeNotices,
    planContext: ({ forced = new Set<string>(), onDamage } = {}) => ({
      graph,
      digester,
      history,
      lock,
      environment,
      forced,
      present: (record) => {
        try {
          return kindNamed(record.kind).present(record, objects);
        } catch (error) {
          if (!(error instanceof CorruptObject)) throw error;
          onDamage?.(error);
          return false;
        }
      },
      tools: (names) => tools.versions(names),
    }),
    again: () => sessionOf(options, { ...opened, lock: lockFile.read(), openedMs: Date.now() }, shared),
    close,
  };
}

/** The lock, read again only where its file was written: it may have thousands of blocks. */
class LockReader {
  #stamp: string | undefined;
  #lock: LockFile | undefined;

  constructor(readonly path: string) {}

  read(): LockFile | undefined {
    const stats = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    const stamp = stats === undefined ? '' : `${stats.mtimeNs} ${stats.ctimeNs} ${stats.size} ${stats.ino}`;
    if (stamp !== this.#stamp) this.#lock = readLock(this.path);
    this.#stamp = stamp;
    return this.#lock;
  }
}

/**
 * The index as planning sees it. Recent results are read once: they are asked for again and again, and only those of
 * targets that are gone are wanted, of which a build makes none.
 */
function historyOf(index: Index): History {
  let recent: { readonly limit: number; readonly actions: readonly PastAction[] } | undefined;
  return {
    action: (key) => index.action(key),
    lastSuccess: (target) => index.lastSuccess(target),
    actionsOf: (target) => index.actionsOf(target),
    recentActions: (limit) => {
      if (recent?.limit !== limit) recent = { limit, actions: index.recentActions(limit) };
      return recent.actions;
    },
    failure: (target) => index.failure(target),
    knowsOutput: (digest) => index.knowsOutput(digest),
  };
}

function digesting(timeline: Timeline, root: string, paths: readonly string[], bytes: number): () => void {
  const [first = ''] = paths;
  const name = paths.length === 1 ? shortPath(first, root) : `${paths.length} files from ${shortPath(first, root)} on`;
  const span = timeline.begin({ phase: 'digest', lane: { type: 'group', group: 'digesting' }, name, facts: { bytes } });
  return () => span.end();
}
