import { isAbsolute, relative, sep } from 'node:path';

/** A path as people write it: from where the command runs, if it lies below. */
export function shownPath(path: string): string {
  const below = relative(process.cwd(), path);
  return below === '' || below === '..' || below.startsWith(`..${sep}`) ? path : below;
}

/** Root-relative where the path is inside the root. */
export function shortPath(path: string, root: string): string {
  if (!isAbsolute(path)) return path;
  const short = relative(root, path);
  return short.startsWith('..') ? path : short;
}
