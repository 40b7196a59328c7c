/** A file found below a folder. */
export interface ListedFile {
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

/**
 * Lists the files below a folder (absolute path): ignored names left out, links followed.
 *
 * @throws UserFacingError for a loop of links, a link that leads nowhere, two names of one folder that are equal in
 *   lower case or NFC, a name that is not UTF-8, and what is neither file nor folder.
 */
export function listDirectory(folder: string): Listing {
  throw new Error(`not yet: ${folder}`);
}

/**
 * What a glob matches: files, or folders where the pattern ends in `/`; relative to the root as the pattern is (so
 * `../` and absolute patterns give such paths), in byte order. `folders`: as in `Listing`, absolute.
 */
export function expandGlob(
  root: string,
  pattern: string,
): { readonly paths: readonly string[]; readonly folders: readonly string[] } {
  throw new Error(`not yet: ${root} ${pattern}`);
}

/** Whether a path, built or not, is one that the glob would match. Both are root-relative or both absolute. */
export function globMatches(pattern: string, path: string): boolean {
  throw new Error(`not yet: ${pattern} ${path}`);
}

/** Names that are never part of a directory or glob, vlmbuild's own unfinished files included. */
export function isIgnored(name: string): boolean {
  throw new Error(`not yet: ${name}`);
}
