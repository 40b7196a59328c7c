import type { Diagnostic, Location } from './diagnostic.js';

/** What can go wrong while targets are built. */
export const executeErrors = {
  /** A target that would run declares a secret that is set nowhere. */
  secretMissing: ({ target, name, at }: { target: string; name: string; at: Location }): Diagnostic => ({
    code: 'VB401',
    headline: `the secret \`${name}\` of \`${target}\` is not set`,
    at,
    next: `set it in the environment, or write \`${name}=…\` into \`.env\` beside the pipeline file`,
  }),
  /** A command ended with something else than 0. */
  commandFailed: ({ code, signal }: { code: number | null; signal: string | null }): Diagnostic => ({
    code: 'VB402',
    headline: signal === null ? `the command ended with exit code ${code ?? 1}` : `the command was ended by ${signal}`,
  }),
  /** A rule threw something that is not meant for its user: a bug of the rule. */
  ruleThrew: ({ message, stack }: { message: string; stack: string }): Diagnostic => ({
    code: 'VB403',
    headline: `the rule threw: ${firstLine(message)}`,
    ...(stack === '' ? {} : { facts: [['stack', stack]] as const }),
  }),
  /** A rule said what is wrong, in its own words (`UserError`). */
  ruleSaid: ({ message, next }: { message: string; next?: string | undefined }): Diagnostic => ({
    code: 'VB404',
    headline: message,
    ...(next === undefined ? {} : { next }),
  }),
  /** The process that ran the rule or the command died. */
  hostLost: ({ code, signal }: { code: number | null; signal: string | null }): Diagnostic => ({
    code: 'VB405',
    headline:
      signal === null
        ? `the host process ended with exit code ${code ?? 1} while it worked`
        : `the host process was ended by ${signal} while it worked`,
    next:
      signal === 'SIGKILL'
        ? 'the system may have run out of memory: look at its log, build with fewer jobs (`-j 1`), then build again'
        : 'build again: what was finished is kept',
  }),
  /** A declared output was not written. */
  outputAbsent: ({ output, path }: { output: string; path: string }): Diagnostic => ({
    code: 'VB406',
    headline: `output \`${output}\` was not written`,
    facts: [['expected at', path]],
    next: 'write it, or take it out of the target’s `outputs`',
  }),
  /** An input changed under a running target, and again when it was run again. */
  inputChanged: ({ what }: { what: string }): Diagnostic => ({
    code: 'VB407',
    headline: `${what} changed while it was read`,
    facts: [['tried', 'twice']],
    next: 'wait until the program that writes it has finished, then build again',
  }),
  /** An input changed while it was read, and the target is decided and run once more. */
  inputChangedOnce: ({ what }: { what: string }): Diagnostic => ({
    code: 'VB420',
    headline: `${what} changed while it was read: it is read once more`,
  }),
  /** A target, or a part of it, took longer than its `timeout`. */
  timedOut: ({ seconds }: { seconds: number }): Diagnostic => ({
    code: 'VB408',
    headline: `it was stopped after its timeout of ${seconds} s`,
    next: 'raise the target’s `timeout`, or find out what it waits for (`vlmbuild log`)',
  }),
  /** The file system refused something: a full disk, a missing permission. */
  systemFailed: ({
    code,
    message,
    path,
  }: {
    code: string;
    message: string;
    path?: string | undefined;
  }): Diagnostic => ({
    code: 'VB409',
    headline: SYSTEM_HEADLINES[code] ?? `the system refused: ${firstLine(message)}`,
    facts: path === undefined ? [['system', message]] : [['path', path]],
    next: SYSTEM_NEXT[code] ?? 'put that right, then build again: what was finished is kept',
  }),
  /** Parts failed, more than `allow_failures` allows. */
  partsFailed: ({
    failed,
    total,
    allowed,
    parts,
  }: {
    failed: number;
    total: number;
    allowed: number;
    parts: readonly string[];
  }): Diagnostic => ({
    code: 'VB410',
    headline: `${failed} of ${total} parts failed`,
    facts: [
      ['failed', parts.slice(0, 10).join(', ') + (parts.length > 10 ? `, and ${parts.length - 10} more` : '')],
      ...(allowed > 0 ? ([['allowed', String(allowed)]] as const) : []),
      ...(failed < total ? ([['kept', 'all other parts: the next build makes only the failed ones']] as const) : []),
    ],
    next: 'see why they failed (`vlmbuild log`), then build again; `allow_failures` lets a target do without some',
  }),
  /** `--locked`: a target's key or result is not what the lock says. */
  lockDiffers: ({
    target,
    what,
    locked,
    now,
    at,
  }: {
    target: string;
    what: string;
    locked: string;
    now: string;
    at?: Location | undefined;
  }): Diagnostic => ({
    code: 'VB411',
    headline: `${what} of \`${target}\` differs from the lock`,
    ...(at === undefined ? {} : { at }),
    facts: [
      ['locked', locked],
      ['now', now],
    ],
    next: `see what changed with \`vlmbuild explain ${target}\`; build without \`--locked\` to accept it`,
  }),
  /** `--locked` where there is no lock. */
  lockAbsent: ({ path }: { path: string }): Diagnostic => ({
    code: 'VB412',
    headline: `there is no \`${path}\` to compare with`,
    next: 'build without `--locked` once, and commit the lock',
  }),
  /** A remembered result was damaged in the store; it is made again. */
  corruptObject: ({ target, digest }: { target: string; digest: string }): Diagnostic => ({
    code: 'VB413',
    headline: `the store’s copy of a result of \`${target}\` is damaged or gone; it is made again`,
    facts: [['object', digest]],
  }),
  /** `--only` where something upstream was never built. */
  onlyNeedsInput: ({ target, needs, path }: { target: string; needs: string; path: string }): Diagnostic => ({
    code: 'VB414',
    headline: `\`${target}\` needs \`${needs}\`, which is not built`,
    facts: [['path', path]],
    next: `build it first: \`vlmbuild ${needs}\`; or, with \`--only\`, leave that out`,
  }),
  /** A program under `tools` does not start, so that its version cannot be told. */
  toolFailed: ({ tool, message }: { tool: string; message: string }): Diagnostic => ({
    code: 'VB416',
    headline: `\`${tool} --version\` does not run`,
    facts: [['it said', firstLine(message)]],
    next: 'install it, or take it out of the target’s `tools`',
  }),
  /** A mistake of vlmbuild's own. */
  internal: ({ message, stack }: { message: string; stack: string }): Diagnostic => ({
    code: 'VB417',
    headline: `vlmbuild failed: ${firstLine(message)}`,
    facts: stack === '' ? [] : [['stack', stack]],
    next: 'please report this',
  }),
  /** The run could not be recorded, or the lock not written; the outputs are in place. */
  notRecorded: ({ what, message }: { what: string; message: string }): Diagnostic => ({
    code: 'VB418',
    headline: `${what} could not be written`,
    facts: [['system', message]],
    next: 'put that right, then build again: results are in place, little or nothing runs',
  }),
  /**
   * The index under `cache/` was unreadable or of an older format, and was begun anew; or records of it were damaged, and
   * are forgotten.
   */
  indexRepaired: ({ what }: { what: string }): Diagnostic => ({ code: 'VB419', headline: what }),
  /** Builds were killed: what they left half-done is gone, what they had finished is used. */
  runsSwept: ({ runs }: { runs: readonly string[] }): Diagnostic => ({
    code: 'VB430',
    headline:
      runs.length === 1
        ? 'an earlier build was killed: what it left half-done is removed, what it had finished is kept'
        : `${runs.length} earlier builds were killed: what they left half-done is removed, what they had finished is kept`,
    facts: [[runs.length === 1 ? 'run' : 'runs', runs.join(', ')]],
  }),
};

const SYSTEM_HEADLINES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  SQLITE_FULL: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'the permission is missing',
  EPERM: 'the permission is missing',
  EMFILE: 'too many files are open',
};

const SYSTEM_NEXT: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space, then build again: what was finished is kept',
  SQLITE_FULL: 'free some space, then build again: what was finished is kept',
  EDQUOT: 'free some space, then build again: what was finished is kept',
  EMFILE: 'build with fewer jobs (`-j`), or raise the limit (`ulimit -n`), then build again',
};

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
