import { isAbsolute, relative, sep } from 'node:path';

/** A path as it is looked at, and as it is remembered. */
export interface Located {
  /** Absolute. */
  readonly path: string;
  /** Root-relative with `/`, or absolute outside of the root: the name of its stat record. */
  readonly key: string;
}

export function locatedAt(path: string, root: string): Located {
  const near = relative(root, path);
  const isOutside = near === '..' || near.startsWith(`..${sep}`) || isAbsolute(near);
  return { path, key: isOutside ? path : near.split(sep).join('/') };
}
