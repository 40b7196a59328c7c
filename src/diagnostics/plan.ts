import type { Diagnostic, Location } from './diagnostic.js';

/** What planning tells a user: fingerprints, decisions, the lock file. */
export const planErrors = {
  /** The lock file is not what vlmbuild writes: edited by hand, or cut off. */
  lockBroken({ at, what }: { at: Location; what: string }): Diagnostic {
    return {
      code: 'VB301',
      headline: `\`${at.path}\` cannot be read: ${what}`,
      at,
      next: 'take the committed version back, or delete the file and run `vlmbuild lock`, which writes it from what is on disk',
    };
  },

  /** The lock file holds the marks that a merge with conflicts leaves. */
  lockConflict({ at }: { at: Location }): Diagnostic {
    return {
      code: 'VB302',
      headline: `\`${at.path}\` has merge conflicts`,
      at,
      next: `take either side as a whole (\`git checkout --ours ${at.path}\`) and build: the blocks of what is built are written anew`,
    };
  },

  /** The lock file was written by a newer vlmbuild, whose format this one does not know. */
  lockTooNew({ at, version, known }: { at: Location; version: string; known: number }): Diagnostic {
    return {
      code: 'VB303',
      headline: `\`${at.path}\` was written by a newer vlmbuild`,
      at,
      facts: [
        ['its version', version],
        ['known here', `up to ${known}`],
      ],
      next: 'update vlmbuild to the version that the project uses',
    };
  },

  /** An input that was there when the pipeline was read is there no more. */
  inputAbsent({ target, role, path, at }: { target: string; role: string; path: string; at: Location }): Diagnostic {
    return {
      code: 'VB304',
      headline: `input \`${role}\` of \`${target}\` is not there`,
      at,
      facts: [['path', path]],
      next: 'bring the file back, or change the reference',
    };
  },

  /** A result that would come out different if it were made again is recorded, but its bytes are nowhere. */
  resultLost({
    target,
    rule,
    outputs,
    at,
  }: {
    target: string;
    rule: string;
    outputs: readonly string[];
    at: Location;
  }): Diagnostic {
    return {
      code: 'VB305',
      headline: `the result of \`${target}\` is recorded, but its bytes are nowhere`,
      at,
      facts: [
        ['outputs', outputs.join(', ')],
        ['why it matters', `rule \`${rule}\` is not deterministic: made again, they would come out different`],
      ],
      next: `bring the files back from a copy, or make them anew with \`vlmbuild -B ${target}\``,
    };
  },
};
