import type { RunOptions } from '../host/pool.js';
import type { ListTask } from '../host/protocol.js';
import type { Listing } from './listing.js';
import type { Session } from './session.js';

/**
 * Has a host list parts. Of those that are to be made it sends what making them takes, if they are to be `described`.
 *
 * @throws TaskError, and what the index throws
 */
export async function listParts(
  { hosts }: Session,
  task: ListTask,
  listing: Listing,
  {
    described,
    onMissing,
    ...options
  }: RunOptions & {
    readonly described: boolean;
    /** Told of how many parts are to be made, as far as is known. */
    readonly onMissing?: (count: number) => void;
  },
): Promise<void> {
  let broken: { readonly error: unknown } | undefined;
  await hosts.run(task, {
    ...options,
    // Whoever calls these cannot catch what is thrown.
    listed: (block) => {
      try {
        const rows = broken === undefined ? listing.add(block) : [];
        onMissing?.(listing.missing.count);
        return described ? rows : [];
      } catch (error) {
        broken = { error };
        return [];
      }
    },
    on: (message, part) => {
      try {
        if (message.type !== 'parts') options.on?.(message, part);
        else if (broken === undefined) listing.describe(message.parts);
      } catch (error) {
        broken = { error };
      }
    },
  });
  if (broken !== undefined) throw broken.error;
}
