import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives memory back to the system. Without this a process stays as large as it was at its largest for as long as little
 * happens: V8 collects when there is need of room on its heap, and what typed arrays hold is beside it.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  // The second time gives back the pages that the first one emptied.
  collect();
  collect();
}
