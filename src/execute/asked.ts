/** What a build is for. */
export interface Asked {
  /** Of the command line; none: the pipeline's defaults. */
  readonly words: readonly string[];
  /** The targets that these name. */
  readonly wanted: readonly string[];
}

/** More names than this tell nobody anything, and would be most of what a small build records. */
const MOST_DEFAULTS = 50;

/** What the record of a run says of it: none where the defaults are many. */
export function recordedTargets({ words, wanted }: Asked): readonly string[] {
  if (words.length > 0) return words;
  return wanted.length <= MOST_DEFAULTS ? wanted : [];
}
