import { constants } from 'node:os';

/**
 * The name of a system error, such as `ENOSPC`; undefined for anything else. Node calls those that libuv does not know
 * (`EDQUOT`, a full quota) `Unknown system error -122` or `UNKNOWN`.
 */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code !== undefined && /^E[A-Z0-9]+$/.test(code)) return code;
  if (typeof errno !== 'number') return undefined;
  return Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0];
}
