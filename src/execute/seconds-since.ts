/** @param started by `performance.now()` */
export function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}
