import type { Readings } from '../artifacts/handles.js';

/** The next batch of a target comes within some milliseconds, if it comes. Who writes the database waits so long for it. */
const KEPT_MS = 50;

let kept: { readonly target: string; readonly readings: Readings; readonly timer: NodeJS.Timeout } | undefined;

/**
 * The connections of the target's last batch, where none came between: to open a database and to find its tables takes as
 * long as a small part. What they see is still what there is, or is opened anew.
 */
export function takeReadings(target: string): Readings | undefined {
  if (kept?.target !== target) closeReadings();
  const readings = kept?.readings;
  clearTimeout(kept?.timer);
  kept = undefined;
  readings?.closeOutdated();
  return readings;
}

/** Keeps the connections of a batch that has ended for the next one. */
export function keepReadings(target: string, readings: Readings): void {
  closeReadings();
  kept = { target, readings, timer: setTimeout(closeReadings, KEPT_MS) };
}

/** Before anything else is done: to close a file takes the locks that the process has on it by other connections. */
export function closeReadings(): void {
  clearTimeout(kept?.timer);
  kept?.readings.close();
  kept = undefined;
}
