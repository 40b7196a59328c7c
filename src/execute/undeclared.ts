import { lstatSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, relative, resolve } from 'node:path';
import { globMatches } from '../artifacts/listing.js';
import { foldersAbove, isInside } from '../config/paths.js';
import type { Target } from '../config/pipeline.js';
import type { Access, AccessType } from '../host/strace-log.js';
import { modulesOf } from '../plan/decide.js';
import { resolveInput } from '../plan/graph.js';
import { packageRoot } from '../rule/package-root.js';
import { DATABASE_SIDES } from './aside.js';
import type { Session } from './session.js';

/** A file that a target uses and does not declare. */
export interface UndeclaredFile {
  readonly access: Exclude<AccessType, 'executed'>;
  /** Root-relative where it is near the project, else absolute. */
  readonly path: string;
  /** The programs that did it, in byte order. */
  readonly programs: readonly string[];
}

export interface Undeclared {
  /** Read, written, or listed: an edit of these would go unnoticed, or nobody would know who made them. */
  readonly files: readonly UndeclaredFile[];
  /** Only asked for, looked for in vain, or the way of a runtime: that may have no bearing on the result. */
  readonly hints: readonly UndeclaredFile[];
  /** Programs that the command ran and that are not among its `tools`, by name: those of the system and of packages. */
  readonly programs: readonly string[];
}

/** Where the target ran. */
export interface Scratch {
  /** Holds the copy, and links to what is beside the project. */
  readonly folder: string;
  readonly copy: string;
}

/** The system's and installed programs': what they are is said by `tools`, or is no part of a result. */
const SYSTEM = [
  '/proc',
  '/dev',
  '/sys',
  '/etc',
  '/run',
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/opt',
  '/nix',
  '/snap',
  '/var/cache',
];
/** Folders of packages, wherever they are: a lock file of the package manager pins what is in them. */
const PACKAGES = /(^|\/)(node_modules|site-packages|dist-packages)(\/|$)/;
/** Files that runtimes look for, and leave, in every folder on their way. */
const OF_RUNTIMES = /(^|\/)(package\.json|pyvenv\.cfg|__pycache__(\/.*)?)$/;

/** What of all accesses a target should have declared. */
export function undeclared(
  accesses: readonly Access[],
  session: Session,
  target: Target,
  scratch: Scratch,
): Undeclared {
  const places = new Places(session, scratch);
  const declared = new Declared(session, target);
  const isCommand = target.work.type === 'command';
  const found: Found = new Map();
  const programs = new Set<string>();
  /** What was written before it was read is the target's own. */
  const made = new Set<string>();
  for (const { type, path, resolved, program, own } of accesses) {
    // Of a command's host all is vlmbuild's own doing.
    if (isCommand && own) continue;
    const at = places.nameOf(path);
    if (type === 'executed' && isCommand && (at === undefined || !isInside(at))) programs.add(basename(path));
    if (at === undefined || made.has(at)) continue;
    if (type === 'written') {
      if (declared.makes(at)) continue;
      const before = existsBefore(session, at);
      if (!before) made.add(at);
      if (before || (!places.isTemporary(at) && isFileNow(resolve(scratch.copy, at))))
        note(found, at, 'written', program);
      continue;
    }
    const real = resolved === undefined ? undefined : places.nameOf(resolved);
    if (declared.covers(at) || (real !== undefined && declared.covers(real))) continue;
    const access = type === 'executed' ? 'read' : type;
    if (access === 'read') note(found, sourceOf(at), access, program);
    else if (access === 'listed' || isInside(at)) note(found, at, access, program);
  }
  return sorted(found, declared, target.work.type === 'command' ? without(programs, target.work.tools) : []);
}

type Found = Map<string, { readonly path: string; readonly access: AccessType; readonly programs: Set<string> }>;

function note(found: Found, path: string, access: AccessType, program: string): void {
  const key = `${access} ${path}`;
  const known = found.get(key);
  if (known === undefined) found.set(key, { path, access, programs: new Set([program]) });
  else known.programs.add(program);
}

function existsBefore({ root }: Session, at: string): boolean {
  return lstatSync(resolve(root, at), { throwIfNoEntry: false }) !== undefined;
}

/** Folders are made on the way to files; what was removed again was nobody's output. */
function isFileNow(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
}

/** Of compiled Python: where it is fresh, the source itself is not opened. */
function sourceOf(path: string): string {
  const [, folder = '', name = ''] = /^(.*?)__pycache__\/([^/]+?)\.[^/]*\.pyc$/.exec(path) ?? [];
  return name === '' ? path : `${folder}${name}.py`;
}

function without(programs: ReadonlySet<string>, tools: readonly string[]): string[] {
  return [...programs].filter((program) => !tools.includes(program) && program !== 'sh').sort();
}

function sorted(found: Found, declared: Declared, programs: readonly string[]): Undeclared {
  const files: UndeclaredFile[] = [];
  const hints: UndeclaredFile[] = [];
  const used = new Set([...found.values()].flatMap(({ path, access }) => (isHint(access) ? [] : [path])));
  for (const { path, access, programs: by } of [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (access === 'executed') continue;
    const file = { access, path, programs: [...by].sort() };
    const ofRuntime = OF_RUNTIMES.test(path) || (access === 'listed' && declared.hasScripts(path));
    if (!isHint(access)) (ofRuntime ? hints : files).push(file);
    else if (!used.has(path) && !ofRuntime) hints.push(file);
  }
  return { files, hints, programs };
}

function isHint(access: AccessType): boolean {
  return access === 'looked-at' || access === 'missing';
}

/** From paths as programs name them to paths as a person does. */
class Places {
  /** vlmbuild's own files and Node's, wherever the project lies. */
  readonly #own: readonly string[];
  /** Of what is not in the project. */
  readonly #installed: readonly string[];
  readonly #temporary: readonly string[];

  constructor(
    private readonly session: Session,
    private readonly scratch: Scratch,
  ) {
    const { PATH = '', TMPDIR } = session.realEnvironment;
    const home = homedir();
    const installed = PATH.split(delimiter)
      .filter((folder) => folder.startsWith('/'))
      .flatMap((folder) => [folder, dirname(folder)])
      .filter((folder) => folder !== '/' && folder !== home && !isInside(relative(folder, session.root)));
    this.#own = [...['dist', 'rules', 'package.json'].map((name) => join(packageRoot(), name)), session.layout.cache];
    const node = dirname(dirname(process.execPath));
    this.#installed = [...SYSTEM, ...installed, ...(node === '/' ? [] : [node])];
    this.#temporary = [TMPDIR ?? tmpdir(), '/tmp', '/var/tmp', '/dev/shm'];
  }

  /** Undefined for what is no part of the project's world: the system, packages, vlmbuild itself. */
  nameOf(path: string): string | undefined {
    const { copy, folder } = this.scratch;
    const { root } = this.session;
    const inCopy = relative(copy, path);
    if (isInside(inCopy)) return isOwn(inCopy) ? undefined : inCopy || '.';
    const real = isInside(relative(folder, path)) ? resolve(root, inCopy) : path;
    const near = relative(root, real);
    // A program may know the project by its absolute path.
    const name = isInside(near) ? near || '.' : real;
    if (PACKAGES.test(name)) return undefined;
    const ignored = isInside(near) ? this.#own : [...this.#own, ...this.#installed];
    if (ignored.some((folder) => isInside(relative(folder, real)))) return undefined;
    // An ancestor is passed through, never read for its own sake.
    if (isInside(relative(real, root))) return real === root ? '.' : undefined;
    return isInside(near) || !near.startsWith('../') || near.startsWith('../../../../') ? name : near;
  }

  isTemporary(name: string): boolean {
    const path = resolve(this.session.root, name);
    return !isInside(name) && this.#temporary.some((folder) => isInside(relative(folder, path)));
  }
}

function isOwn(path: string): boolean {
  return path === 'cache' || path.startsWith('cache/') || PACKAGES.test(path);
}

/** What a target declares: its inputs, what it allows, the modules of its rule; and its outputs. */
class Declared {
  readonly #paths = new Set<string>();
  readonly #globs: readonly string[];
  readonly #outputs: readonly string[];
  /** Folders of Python scripts: it lists them to find what they import. */
  readonly #scripts = new Set<string>();

  constructor({ graph, root }: Session, target: Target) {
    for (const use of Object.values(target.inputs)) {
      const { items, kind } = resolveInput(graph, use);
      for (const { path } of items) {
        this.#add(path, root);
        if (kind === 'sqlite') for (const side of DATABASE_SIDES) this.#add(`${path}${side}`, root);
      }
    }
    const allow = target.work.type === 'command' ? target.work.allow : [];
    for (const path of allow) this.#add(path, root);
    this.#globs = allow;
    for (const module of Object.keys(modulesOf(target))) this.#paths.add(module);
    this.#outputs = Object.values(target.outputs).flatMap(({ path, kind }) =>
      kind === 'sqlite' ? [path, ...DATABASE_SIDES.map((side) => `${path}${side}`)] : [path],
    );
  }

  covers(path: string): boolean {
    if (this.makes(path) || this.#holds(this.#paths, path)) return true;
    return this.#globs.some((glob) => globMatches(glob, path));
  }

  makes(path: string): boolean {
    return this.#holds(new Set(this.#outputs), path);
  }

  hasScripts(folder: string): boolean {
    return this.#scripts.has(folder);
  }

  #holds(paths: ReadonlySet<string>, path: string): boolean {
    return paths.has(path) || foldersAbove(path).some((folder) => paths.has(folder));
  }

  #add(path: string, root: string): void {
    const name = path.startsWith('/') && isInside(relative(root, path)) ? relative(root, path) : path;
    this.#paths.add(name);
    if (name.endsWith('.py')) this.#scripts.add(dirname(name));
  }
}
