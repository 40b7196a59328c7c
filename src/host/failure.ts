import { join } from 'node:path';
import { inspect } from 'node:util';
import { systemErrorCode } from '../base/system-error.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { packageRoot } from '../rule/package-root.js';
import type { TaskFailure } from './protocol.js';

/** Thrown within a host for a failure that has its own name in the protocol. */
export class KnownFailure extends Error {
  readonly failure: TaskFailure;

  constructor(failure: TaskFailure) {
    super(failure.type);
    this.name = 'KnownFailure';
    this.failure = failure;
  }
}

/** The machine's fault and not the rule's, whoever made the call. */
const SYSTEM_CODES = new Set([
  'ENOSPC',
  'EDQUOT',
  'EACCES',
  'EPERM',
  'EROFS',
  'EMFILE',
  'ENFILE',
  'EIO',
  'ENOMEM',
  'E2BIG',
]);
const SQLITE_CODES: Readonly<Record<string, string>> = { SQLITE_FULL: 'ENOSPC', SQLITE_IOERR_WRITE: 'EIO' };

/** What became of a task whose code threw this. */
export function failureOf(error: unknown, root: string): TaskFailure {
  if (error instanceof KnownFailure) return error.failure;
  if (!(error instanceof Error)) return { type: 'threw', message: printable(error), stack: '' };
  // By name: the classes would load the store, and a rule may be linked with another copy of one.
  switch (error.name) {
    case 'SliceChanged':
      return { type: 'input-changed', slice: String((error as { slice?: unknown }).slice) };
    case 'CorruptObject':
      return { type: 'system', code: 'CORRUPT', message: error.message };
    case 'UserFacingError': {
      const { code, facts, next } = (error as { diagnostics?: readonly Diagnostic[] }).diagnostics?.[0] ?? {};
      return {
        type: 'user-error',
        message: error.message,
        ...(next && { next }),
        ...(code && { code }),
        ...(facts && { facts }),
      };
    }
    case 'UserError': {
      const { next } = error as { next?: unknown };
      return { type: 'user-error', message: error.message, ...(typeof next === 'string' && { next }) };
    }
  }
  const { code, path: from, dest } = error as NodeJS.ErrnoException & { readonly dest?: unknown };
  // What is staged can be moved; it is the place where it is to go that refuses.
  const path = dest ?? from;
  const system = SQLITE_CODES[code ?? ''] ?? systemErrorCode(error);
  if (system !== undefined && SYSTEM_CODES.has(system)) {
    return { type: 'system', code: system, message: error.message, ...(typeof path === 'string' && { path }) };
  }
  return { type: 'threw', message: messageOf(error), stack: stackOf(error, root) };
}

/** The mapped stack of the rule's own frames, with paths relative to the project. */
export function stackOf(error: Error, root: string): string {
  const own = join(packageRoot(), 'dist');
  const lines = (error.stack ?? '')
    .split('\n')
    .filter((line) => !/^\s+at /.test(line) || !(line.includes(own) || line.includes('node:internal')));
  const causes =
    error.cause === undefined
      ? ''
      : `\ncaused by: ${error.cause instanceof Error ? stackOf(error.cause, root) : printable(error.cause)}`;
  return `${lines.join('\n').replaceAll(`${root}/`, '').replaceAll('file://', '')}${causes}`;
}

export function messageOf(error: Error): string {
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`;
}

function printable(thrown: unknown): string {
  return typeof thrown === 'string' ? thrown : inspect(thrown);
}
