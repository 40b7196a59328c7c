/**
 * A time as the native recorder writes it: `2025-10-20T09:00:05.250000+00:00`, the fraction left out when zero.
 *
 * @param ms milliseconds since 1970, UTC; whole.
 */
export function isoTime(ms: number): string {
  const text = new Date(ms).toISOString();
  const fraction = text.slice(20, 23);
  return `${text.slice(0, 19)}${fraction === '000' ? '' : `.${fraction}000`}+00:00`;
}
