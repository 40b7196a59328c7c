import { lstatSync, statSync, type Stats } from 'node:fs';

/**
 * The stat of a path, links followed. Undefined for all that cannot be looked at: where nothing is there, a circle of links
 * is, or a folder on the way may not be searched.
 */
export function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** As `statIfThere`, but of a link itself. */
export function lstatIfThere(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
