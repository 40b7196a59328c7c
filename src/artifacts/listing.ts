import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import picomatch from 'picomatch';
import { compareBytes } from '../base/order.js';
import { statIfThere } from '../base/stat-if-there.js';
import { artifactErrors } from '../diagnostics/artifacts.js';
import { UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { IGNORED_NAMES } from './kind.js';

/** A file found below a folder. */
interface ListedFile {
  /** Relative to the folder, with `/`. */
  readonly name: string;
  /** Whether a link was followed on the way: such a file cannot simply be renamed. */
  readonly linked: boolean;
}

export interface Listing {
  /** In byte order of their names. */
  readonly files: readonly ListedFile[];
  /** Every folder that was listed, absolute: where a new name would change the result. */
  readonly folders: readonly string[];
}

/** What vlmbuild's own unfinished files are called; see `install`. */
export const UNFINISHED_PREFIX = '.vlmbuild-';

/** Names that are never part of a directory or glob, vlmbuild's own unfinished files included. */
export function isIgnored(name: string): boolean {
  return IGNORED_NAMES.has(name) || name.startsWith(UNFINISHED_PREFIX);
}

/**
 * Lists the files below a folder (absolute path): ignored names left out, links followed.
 *
 * @throws UserFacingError for a loop of links, a link that leads nowhere, two names of one folder that are equal in
 *   lower case or NFC, a name that is not UTF-8, and what is neither file nor folder.
 */
export function listDirectory(folder: string): Listing {
  const files: ListedFile[] = [];
  const folders: string[] = [];
  walk(folder, {
    folder(path) {
      folders.push(path);
    },
    file(name, linked) {
      files.push({ name, linked });
    },
    enter: () => true,
    wants: () => true,
  });
  return { files: files.sort((a, b) => compareBytes(a.name, b.name)), folders };
}

const ASCII = /^[ -~]*$/;

/** The key under which names of a folder are twins. */
export function twinKey(name: string): string {
  if (ASCII.test(name)) return name.toLowerCase();
  return name.normalize('NFC').toLowerCase().normalize('NFC');
}

interface Visitor {
  /** A folder is listed. Absolute path. */
  folder(path: string): void;
  /** By relative name. */
  file(name: string, linked: boolean): void;
  subfolder?(name: string): void;
  /** Whether to go on into a folder, by relative name. */
  enter(name: string): boolean;
  /** Whether the name is wanted: what is wrong with others (a dead link beside the files of a glob) is no matter. */
  wants(name: string): boolean;
}

function walk(start: string, visitor: Visitor): void {
  // The real paths from the start down to here: meeting one of them again is a loop.
  const chain: string[] = [];

  const visit = (path: string, real: string, prefix: string, linked: boolean): void => {
    if (chain.includes(real)) throw new UserFacingError(artifactErrors.linkLoop(path, real));
    chain.push(real);
    visitor.folder(path);
    const found = readNames(path).filter(({ name }) => visitor.wants(prefix + name) || visitor.enter(prefix + name));
    refuseTwins(path, found);
    for (const entry of found) {
      const name = prefix + entry.name;
      const full = `${path === '/' ? '' : path}/${entry.name}`;
      const type = typeOf(entry, full);
      if ('wrong' in type) {
        if (visitor.wants(name)) throw new UserFacingError(type.wrong);
      } else if (type.folder) {
        visitor.subfolder?.(name);
        if (visitor.enter(name))
          visit(full, type.link ? realpathSync(full) : `${real}/${entry.name}`, `${name}/`, linked || type.link);
      } else visitor.file(name, linked || type.link);
    }
    chain.pop();
  };
  visit(start, realpathSync(start), '', false);
}

function readNames(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => !isIgnored(entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR')
      throw new UserFacingError(artifactErrors.wrongType(path, 'a folder', 'a file'));
    throw error;
  }
}

function refuseTwins(folder: string, entries: readonly Dirent[]): void {
  const seen = new Map<string, string>();
  for (const { name } of entries) {
    const key = twinKey(name);
    const other = seen.get(key);
    if (other !== undefined) {
      const [first, second] = compareBytes(other, name) < 0 ? [other, name] : [name, other];
      throw new UserFacingError(artifactErrors.twinNames(folder, first, second));
    }
    seen.set(key, name);
  }
}

type EntryType = { readonly folder: boolean; readonly link: boolean } | { readonly wrong: Diagnostic };

function typeOf(entry: Dirent, path: string): EntryType {
  // Node reads names as UTF-8 and puts U+FFFD for what is none: such a path does not exist.
  const doubtful = entry.name.includes('\uFFFD');
  if (entry.isFile() && !doubtful) return { folder: false, link: false };
  if (entry.isDirectory() && !doubtful) return { folder: true, link: false };
  const link = entry.isSymbolicLink();
  let stat;
  try {
    stat = statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') return { wrong: artifactErrors.linkLoop(path, 'itself') };
    throw error;
  }
  if (stat === undefined)
    return { wrong: doubtful ? artifactErrors.nameNotUtf8(dirname(path), entry.name) : artifactErrors.deadLink(path) };
  if (!stat.isFile() && !stat.isDirectory()) return { wrong: artifactErrors.notAFile(path) };
  return { folder: stat.isDirectory(), link };
}

// ---- globs ----

/** `* ? [ {` are special and nothing else; names that start with a dot match only a pattern that does. */
const GLOB_OPTIONS: picomatch.PicomatchOptions = { noextglob: true, nonegate: true, strictSlashes: true };

interface SplitGlob {
  /** The leading segments without special characters; '' for none, `/` for the root of the file system. */
  readonly base: string;
  /** The others. */
  readonly segments: readonly string[];
  readonly wantsFolders: boolean;
}

function splitGlob(pattern: string): SplitGlob {
  const wantsFolders = pattern.endsWith('/');
  const all = pattern.replace(/\/+$/, '').split('/');
  let special = all.findIndex((segment) => /[*?[{]/.test(segment));
  if (special < 0) special = all.length - 1;
  const base = all.slice(0, special).join('/');
  return { base: special > 0 && base === '' ? '/' : base, segments: all.slice(special), wantsFolders };
}

/**
 * What a glob matches: files, or folders where the pattern ends in `/`; relative to the root as the pattern is (so
 * `../` and absolute patterns give such paths), in byte order. `folders`: as in `Listing`, absolute.
 */
export function expandGlob(
  root: string,
  pattern: string,
): { readonly paths: readonly string[]; readonly folders: readonly string[] } {
  const { base, segments, wantsFolders } = splitGlob(normalGlob(pattern));
  const start = resolve(root, base);
  const folders: string[] = [];
  if (!isOutside(base) && base.split('/').some(isIgnored)) return { paths: [], folders };
  const stat = statIfThere(start);
  // Where the folder is made later, its parent is what changes.
  if (stat?.isDirectory() !== true) return { paths: [], folders: [nearestFolder(start)] };

  const matches = picomatch(segments.join('/'), GLOB_OPTIONS);
  const mayEnter = folderFilter(segments);
  const prefix = prefixOf(base);
  const paths: string[] = [];
  walk(start, {
    folder(path) {
      folders.push(path);
    },
    file(name) {
      if (!wantsFolders && matches(name)) paths.push(prefix + name);
    },
    subfolder(name) {
      if (wantsFolders && matches(name)) paths.push(prefix + name);
    },
    enter: mayEnter,
    wants: matches,
  });
  return { paths: paths.sort(compareBytes), folders };
}

/** Whether a path, built or not, is one that the glob would match. Both are root-relative or both absolute. */
export function globMatches(pattern: string, path: string): boolean {
  const normal = normalGlob(pattern);
  const { base, segments } = splitGlob(normal);
  const prefix = prefixOf(base);
  if (!path.startsWith(prefix)) return false;
  const rest = path.slice(prefix.length);
  if ((isOutside(base) ? rest : path).split('/').some(isIgnored)) return false;
  return picomatch(segments.join('/'), GLOB_OPTIONS)(rest);
}

/** What all that a glob matches begins with: the folders before its first special character, with the slash. */
export function globPrefix(pattern: string): string {
  return prefixOf(splitGlob(normalGlob(pattern)).base);
}

function prefixOf(base: string): string {
  return base === '' || base.endsWith('/') ? base : `${base}/`;
}

function normalGlob(pattern: string): string {
  return pattern.replace(/^(\.\/+)+/, '').replace(/\/{2,}/g, '/');
}

function isOutside(base: string): boolean {
  return isAbsolute(base) || base === '..' || base.startsWith('../');
}

/**
 * Which folders can hold matches: segment by segment up to the first `**`, so that `data/*.jsonl` lists one folder. A
 * brace that spans segments (`{a,b/c}/*`) leaves no segments to go by: then every folder is entered.
 */
function folderFilter(segments: readonly string[]): (name: string) => boolean {
  if (/\{[^}]*\/[^}]*\}/.test(segments.join('/'))) return () => true;
  const star = segments.findIndex((segment) => segment.includes('**'));
  const depth = star < 0 ? segments.length - 1 : star;
  const matchers = segments.slice(0, depth).map((segment) => picomatch(segment, GLOB_OPTIONS));
  return (name) => {
    const parts = name.split('/');
    const last = parts.length - 1;
    if (last >= depth) return star >= 0;
    const part = parts[last];
    return part !== undefined && matchers[last]?.(part) === true;
  };
}

function nearestFolder(path: string): string {
  let at = path;
  while (statIfThere(at)?.isDirectory() !== true) {
    if (dirname(at) === at) return at;
    at = dirname(at);
  }
  return at;
}
