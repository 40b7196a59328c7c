import { expandGlob } from '../artifacts/listing.js';
import type { Reference } from '../config/pipeline.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { otherLocks } from './other-locks.js';
import type { Session } from './session.js';

/**
 * The paths of recorded outputs on disk that no target makes any more, and none of the pipeline reads as its source. Other
 * pipeline files have targets too.
 */
export function leftOver(session: Session): string[] {
  const { pipeline, index, digester, root } = session;
  // What targets with mistakes make is not all known.
  if (pipeline.leftOut?.incomplete === true) return [];
  const targets = [...pipeline.targets.values(), ...(pipeline.leftOut?.targets ?? [])];
  const made = new Set(targets.flatMap(({ outputs }) => Object.values(outputs).map(({ path }) => path)));
  const left = [...index.outputPaths()].filter(
    ([path]) => !made.has(path) && digester.known(path, 'file') !== 'absent',
  );
  if (left.length === 0) return [];
  const others = otherLocks(session);
  const sources = targets.flatMap(({ inputs }) =>
    Object.values(inputs).flatMap(({ references }) => references.flatMap((reference) => pathsOf(root, reference))),
  );
  return left
    .filter(([path]) => !sources.some((source) => meet(source, path)))
    .filter(([, { target }]) => !others.some(({ targets }) => Object.hasOwn(targets, target)))
    .map(([path]) => path);
}

function pathsOf(root: string, reference: Reference): readonly string[] {
  switch (reference.type) {
    case 'output':
      return [];
    case 'path':
      return [reference.path];
    case 'glob':
      return matchesOf(root, reference.pattern);
  }
}

function matchesOf(root: string, pattern: string): readonly string[] {
  try {
    return expandGlob(root, pattern).paths;
  } catch (error) {
    // Folders that cannot be listed: whatever is here may be meant.
    if (error instanceof UserFacingError) return ['.'];
    throw error;
  }
}

/** Whether two root-relative paths are one, or one is in the other. */
function meet(one: string, other: string): boolean {
  return one === '.' || one === other || one.startsWith(`${other}/`) || other.startsWith(`${one.replace(/\/$/, '')}/`);
}
