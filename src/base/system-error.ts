import { constants } from 'node:os';

/**
 * The name of a system error, such as `ENOSPC`; undefined for anything else. Node calls those that libuv does not know
 * (`EDQUOT`, a full quota) `Unknown system error -122`.
 */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return undefined;
  if (!code.startsWith('Unknown system error')) return /^E[A-Z0-9]+$/.test(code) ? code : undefined;
  return Object.entries(constants.errno).find(([, number]) => number === -(errno ?? 0))?.[0];
}
