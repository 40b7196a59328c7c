import { isAbsolute, posix, relative } from 'node:path';

/** Whether a reference is a glob. */
export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/**
 * A path as the whole program writes it: root-relative with `/`, without `.`, double or trailing slashes; `.` for the
 * root itself. Outside the root it starts with `../`, or is absolute where it was written so.
 */
export function normalisePath(text: string, root: string): string {
  const path = isAbsolute(text) ? fromAbsolute(text, root) : posix.normalize(text);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** An absolute path inside the root as a relative one; others stay absolute. */
function fromAbsolute(text: string, root: string): string {
  const inside = relative(root, text);
  if (inside === '') return '.';
  return inside === '..' || inside.startsWith('../') ? posix.normalize(text) : inside;
}

/** Whether a normalised path is below the root. */
export function isInside(path: string): boolean {
  return path !== '..' && !path.startsWith('../') && !isAbsolute(path);
}

/** The folders above a root-relative path, the root (``.``) left out, outermost first. */
export function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let i = path.indexOf('/'); i >= 0; i = path.indexOf('/', i + 1)) folders.push(path.slice(0, i));
  return folders;
}

/** Whether UTF-8 can say the text: otherwise two paths with different halves of characters would be one file. */
export function isEncodable(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** How the file system of another machine may see a name: two that fold to one are one file there. */
export function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase().normalize('NFC');
}
