import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join, relative, resolve, sep } from 'node:path';
import { databasePaths, databasePlace } from '../artifacts/database-place.js';
import { expandGlob } from '../artifacts/listing.js';
import type { Pipeline, Target } from '../config/pipeline.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';

/** All that a build's verdict depends on. Paths are root-relative, or absolute where they lead outside. */
export interface Coverage {
  /** Inputs, folders listed, rule modules, the pipeline file, `.env`, the lock: present or absent, links followed. */
  readonly stat: ReadonlySet<string>;
  /** Of those, what is read once, when a build begins: a change during the build is not in its verdict. */
  readonly loaded: ReadonlySet<string>;
  /** Outputs, and what is in them. */
  readonly lstat: ReadonlySet<string>;
  /** Names of environment variables. */
  readonly environment: ReadonlySet<string>;
}

export interface Seen {
  /** All that the digester looked at, folders it listed included. */
  readonly touched: Iterable<string>;
  /** The lock's path. */
  readonly lock: string;
  /** The folder from which vlmbuild runs. */
  readonly program: string;
  /** The real environment, for finding declared tools. */
  readonly environment: NodeJS.ProcessEnv;
}

/** The files of vlmbuild itself: a new version has other ones. */
const PROGRAM_FILES = [
  'vlmbuild.cjs',
  'main.cjs',
  'changed.cjs',
  'host.cjs',
  'index.cjs',
  'zod.cjs',
  'hash-worker.cjs',
  'database-worker.cjs',
  '../package.json',
];

/** What the snapshot of a build of the needed targets covers. Rules count whether needed or not: a broken one is told. */
export function coverageOf(pipeline: Pipeline, needed: readonly string[], seen: Seen): Coverage {
  const { root } = pipeline;
  const place = (path: string): string => placeOf(path, root);
  const targets = needed.flatMap((name) => pipeline.targets.get(name) ?? []);
  const outputs = new Set(targets.flatMap((target) => Object.values(target.outputs).map(({ path }) => place(path))));
  const stat = new Set<string>();
  const loaded = new Set<string>();
  const lstat = new Set<string>(outputs);
  const isOutput = within(outputs);
  const cover = (path: string): void => {
    const placed = place(path);
    if (isOutput(placed)) lstat.add(placed);
    else stat.add(placed);
  };
  const coverLoaded = (path: string): void => {
    stat.add(place(path));
    loaded.add(place(path));
  };

  for (const path of [pipeline.file, join(root, '.env')]) coverLoaded(path);
  for (const name of PROGRAM_FILES) coverLoaded(resolve(seen.program, name));
  for (const { work } of pipeline.targets.values()) {
    if (work.type === 'rule') for (const path of [...work.rule.closure, ...work.rule.shadows]) coverLoaded(path);
  }
  cover(seen.lock);
  for (const path of seen.touched) cover(path);
  for (const target of targets) for (const path of ownPaths(target, root)) cover(path);

  const tools = new Set(targets.flatMap(({ work }) => (work.type === 'command' ? work.tools : [])));
  for (const tool of tools) for (const path of toolPaths(tool, root, seen.environment['PATH'] ?? '')) coverLoaded(path);
  const environment = new Set([...Object.keys(pipeline.environmentRead), ...targets.flatMap(({ env }) => env)]);
  if (tools.size > 0) environment.add('PATH');
  return { stat, loaded, lstat, environment };
}

/** Segments that are empty, `.` or `..`. */
const TO_NORMALIZE = /\/\.{0,2}(?:\/|$)/;

/** A path as a snapshot has it: root-relative, or absolute where it leads outside. */
export function placeOf(path: string, root: string): string {
  // Most are plain paths below the root, and there may be 20,000 of them.
  if (path.startsWith(root) && path[root.length] === '/' && !TO_NORMALIZE.test(path))
    return path.slice(root.length + 1);
  const near = relative(root, resolve(root, path));
  return near === '' ? '.' : near.startsWith(`..${sep}`) || near === '..' ? resolve(root, path) : near;
}

/** What a target names itself, whether the digester looked at it or not. */
function ownPaths(target: Target, root: string): string[] {
  const paths: string[] = [];
  for (const { kind, path } of Object.values(target.outputs)) if (kind === 'sqlite') paths.push(...sidePaths(path));
  for (const { kind, references } of Object.values(target.inputs)) {
    for (const reference of references) {
      if (reference.type === 'path') {
        paths.push(reference.path, ...(kind === 'sqlite' ? databaseOf(reference.path, root) : []));
      } else if (reference.type === 'glob') {
        const { paths: found, folders } = expandGlob(root, reference.pattern);
        paths.push(...found, ...folders);
      }
    }
  }
  return paths;
}

/**
 * What tells of the content of a database that is an input, also where a link leads to it: another target may know it by
 * another name.
 */
export function databaseOf(path: string, root: string): string[] {
  try {
    return databasePaths(databasePlace(resolve(root, path)));
  } catch (error) {
    // A circle of links is told where the database is read.
    if (error instanceof UserFacingError) return sidePaths(path);
    throw error;
  }
}

/** Files beside a database that change what it holds. */
export function sidePaths(path: string): string[] {
  return [`${path}-wal`, `${path}-journal`];
}

/** The file a tool's name starts, and the places before it where one would be found first. */
function toolPaths(tool: string, root: string, searched: string): string[] {
  if (tool.includes('/')) return [resolve(root, tool)];
  const places = searched.split(delimiter).map((folder) => join(folder, tool));
  const found = places.findIndex((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return places.slice(0, found + 1);
}

/** Tells whether a path is one of these, or lies in one. It is asked of many paths in few folders. */
function within(outputs: ReadonlySet<string>): (path: string) => boolean {
  const folders = new Map<string, boolean>();
  const isOutput = (path: string): boolean => {
    if (path === '.' || path === '/' || path === '') return false;
    if (outputs.has(path)) return true;
    const folder = dirname(path);
    let known = folders.get(folder);
    if (known === undefined) folders.set(folder, (known = isOutput(folder)));
    return known;
  };
  return isOutput;
}
