import type { Diagnostic } from './diagnostic.js';

const CACHE_PROBLEMS: Readonly<Record<string, string>> = {
  EROFS: 'the file system is read-only',
  EACCES: 'the permission is missing',
  EPERM: 'the permission is missing',
  ENOTDIR: 'a file stands where a folder is wanted',
  EEXIST: 'something else stands there',
  ENOENT: 'a link leads to nothing',
};

/** What a user can see of the store: `cache/` and what is in it. */
export const storeErrors = {
  /** `cache/` cannot be made or written: a missing permission, a read-only disk, a file of that name, a dangling link. */
  cacheNotWritable({ path, problem }: { path: string; problem: string }): Diagnostic {
    return {
      code: 'VB501',
      headline: `cannot write \`${path}\``,
      facts: [['problem', problemText(problem)]],
      next: 'make `cache/` a folder that you may write, or a link to one',
    };
  },

  /** The disk that holds `cache/` is full. Nothing half-written is left. */
  diskFull({ path }: { path: string }): Diagnostic {
    return {
      code: 'VB502',
      headline: 'the disk is full',
      facts: [['writing', path]],
      next: 'free some space and build again: what is done stays done; in `cache/` all but `answers.db` can be deleted',
    };
  },

  /** The index was written by a newer vlmbuild. */
  newerIndex({ path, version, supported }: { path: string; version: number; supported: number }): Diagnostic {
    return {
      code: 'VB503',
      headline: `\`${path}\` was written by a newer vlmbuild`,
      facts: [
        ['format', String(version)],
        ['supported', `up to ${String(supported)}`],
      ],
      next: 'use that vlmbuild, or move the file away: it is made again, and results in the lock are kept',
    };
  },

  /** The index was damaged or of an older format: it was made anew. A warning; nothing is wrong with the outputs. */
  indexRebuilt({ message }: { message: string }): Diagnostic {
    return { code: 'VB504', headline: message };
  },

  /** The answers were written by a newer vlmbuild. */
  newerAnswers({ path, version, supported }: { path: string; version: number; supported: number }): Diagnostic {
    return {
      code: 'VB505',
      headline: `the answers in \`${path}\` were written by a newer vlmbuild`,
      facts: [
        ['format', String(version)],
        ['supported', `up to ${String(supported)}`],
      ],
      next: 'use that vlmbuild',
    };
  },

  /** The file of answers cannot be read. They were paid for, so it is never thrown away unasked. */
  damagedAnswers({ path, problem }: { path: string; problem: string }): Diagnostic {
    return {
      code: 'VB506',
      headline: `the answers in \`${path}\` cannot be read`,
      facts: [['problem', problem]],
      next: 'take it from a backup, save what can be saved with `sqlite3 answers.db .recover`, or move it away (with its `-wal`) to ask everything anew',
    };
  },

  /** One answer, or a note of how far a step came, is not what was written: a byte of it changed on the disk. */
  changedAnswer({ path, rule }: { path: string; rule: string }): Diagnostic {
    return {
      code: 'VB510',
      headline: `an answer for \`${rule}\` is damaged in \`${path}\``,
      next: 'take the file from a backup, or ask that target’s questions anew with `--ask-again`',
    };
  },

  /** A stored object was not what its name says, or a piece of it is gone. It was dropped and is made again. */
  corruptObject({ digest, problem }: { digest: string; problem: 'corrupt' | 'missing' }): Diagnostic {
    return {
      code: 'VB507',
      headline: problem === 'corrupt' ? `a stored object was damaged and is dropped` : `a stored object is gone`,
      facts: [['object', digest]],
      next: 'nothing: what needs it is made again',
    };
  },

  /** Another process kept a database of `cache/` locked for too long. */
  databaseBusy({ path }: { path: string }): Diagnostic {
    return {
      code: 'VB508',
      headline: `another program keeps \`${path}\` locked`,
      next: 'end it and build again',
    };
  },

  /** A read or write of a database of `cache/` failed. */
  databaseFailed({ path, problem }: { path: string; problem: string }): Diagnostic {
    return {
      code: 'VB509',
      headline: `cannot use \`${path}\``,
      facts: [['problem', problem]],
      next: 'see that the disk is well and that you may write the file',
    };
  },
};

function problemText(code: string): string {
  const text = CACHE_PROBLEMS[code];
  return text === undefined ? code : `${text} (${code})`;
}
