import { EXIT, UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { executeErrors } from '../diagnostics/execute.js';
import { Index } from '../store/index-db.js';
import { prepareCache, type CacheLayout } from '../store/layout.js';

/** @throws UserFacingError (exit code 1: nothing is wrong with the pipeline) for a cache that cannot be used. */
export function openIndex(layout: CacheLayout): Index {
  try {
    prepareCache(layout);
    return Index.open(layout);
  } catch (error) {
    throw error instanceof UserFacingError ? new UserFacingError(error.diagnostics, EXIT.failed) : error;
  }
}

/** What the user should know of the index and was not told at the last call: that it was begun anew. */
export function noticesOf(index: Index): () => readonly Diagnostic[] {
  let told: string | undefined;
  return () => {
    const { repaired } = index;
    if (repaired === undefined || repaired === told) return [];
    told = repaired;
    return [executeErrors.indexRepaired({ what: repaired })];
  };
}
