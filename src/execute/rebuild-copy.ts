import {
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { isInside } from '../config/paths.js';
import type { OutputUse, Pipeline } from '../config/pipeline.js';
import { Answers } from '../store/answers.js';
import { cacheLayout, prepareCache, type CacheLayout } from '../store/layout.js';

/** What a copy of a project is for. */
export interface Copy {
  /** Outputs that it shall not have. */
  readonly without: readonly OutputUse[];
  /** So many folders above the project have in the copy what they have in truth, by links. */
  readonly above: number;
}

/**
 * Copies a project, so that it can be built beside itself: everything but some outputs, locks, `cache/` and `.git/`.
 * Packages are linked, and so is what inputs outside of the project (`../data`) lead to. The copy's cache is empty, but its
 * answers are the project's own: what was paid for is not asked again, and what is asked is kept.
 *
 * @param folder an empty folder that the copy is made in
 * @returns the pipeline file of the copy
 */
export function copyProject(pipeline: Pipeline, layout: CacheLayout, folder: string, { without, above }: Copy): string {
  const { root } = pipeline;
  const outside = outsideInputs(pipeline);
  // As many folders deep as `..` are led out of the root by, so that they stay within `folder`.
  const depth = Math.max(above, ...outside.map((path) => path.split('/').filter((name) => name === '..').length));
  const copy = join(folder, ...Array.from({ length: depth }, (_, n) => `up${n}`), 'project');
  mkdirSync(copy, { recursive: true });
  const left = new Set([layout.cache, join(root, '.git'), ...without.map(({ path }) => join(root, path))]);
  copyTree({ root, copy, left }, '');
  for (const path of outside) linkOutside(root, copy, path);
  for (let ups = 1; ups <= above; ups++) linkOutside(root, copy, '../'.repeat(ups));

  const own = cacheLayout(copy);
  prepareCache(own);
  Answers.open(layout.answers).close();
  symlinkSync(realpathSync(layout.answers), own.answers);
  return join(copy, relative(root, pipeline.file));
}

interface Copying {
  readonly root: string;
  readonly copy: string;
  /** Absolute paths that are left out. */
  readonly left: ReadonlySet<string>;
}

function copyTree(copying: Copying, folder: string): void {
  const { root, copy, left } = copying;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const [from, to] = [join(root, path), join(copy, path)];
    if (left.has(from) || (folder === '' && entry.name.endsWith('.lock') && isPipelineLock(from))) continue;
    if (entry.name === 'node_modules') symlinkSync(realpathSync(from), to);
    else if (entry.isDirectory()) {
      mkdirSync(to);
      copyTree(copying, path);
    } else if (entry.isSymbolicLink()) symlinkSync(linkTarget(from, root), to);
    else if (entry.isFile()) copyFileSync(from, to, constants.COPYFILE_FICLONE);
  }
}

/** `pipeline.lock` beside `pipeline.yaml`: with it, the copy would believe what is to be found out. */
function isPipelineLock(path: string): boolean {
  const name = path.slice(0, -'.lock'.length);
  return existsSync(`${name}.yaml`) || existsSync(`${name}.yml`);
}

/** A link within the project leads to the copy; one out of it to where it led. */
function linkTarget(link: string, root: string): string {
  const text = readlinkSync(link);
  const target = resolve(dirname(link), text);
  const inside = target === root || target.startsWith(root + sep);
  return inside ? relative(dirname(link), target) : target;
}

/** Paths of inputs and bases of globs that lead out of the root by `..`. */
function outsideInputs(pipeline: Pipeline): string[] {
  const paths = [...pipeline.targets.values()].flatMap((target) =>
    Object.values(target.inputs).flatMap(({ references }) =>
      references.flatMap((reference) =>
        reference.type === 'path' ? [reference.path] : reference.type === 'glob' ? [reference.pattern] : [],
      ),
    ),
  );
  return paths.filter((path) => !isInside(path) && !path.startsWith('/'));
}

/** Links the first name behind the `..`: what is beside it was not asked for. */
function linkOutside(root: string, copy: string, path: string): void {
  const names = path.split('/');
  const ups = names.filter((name) => name === '..').length;
  const first = names[ups] === '' ? undefined : names[ups];
  // A glob right behind the `..` matches anything there.
  const whole = first === undefined || /[*?[{]/.test(first);
  const from = join(root, ...names.slice(0, ups));
  for (const name of whole ? readdirSync(from) : [first]) {
    const link = join(copy, ...names.slice(0, ups), name);
    const target = join(from, name);
    if (existsSync(target) && lstatSync(link, { throwIfNoEntry: false }) === undefined)
      symlinkSync(realpathSync(target), link);
  }
}
