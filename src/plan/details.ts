import { isJsonObject, type Json, type JsonObject } from '../base/json.js';

/**
 * What stands behind the digests of a fingerprint, recorded with the action so that a later reason can name names.
 * No part of a key, and nothing depends on it but the words.
 */
export interface ActionDetails {
  /**
   * By role, then by path (a single file, a list of paths) or by relative name (a glob, a directory): what identified it.
   */
  readonly inputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const NO_DETAILS: ActionDetails = { inputs: {} };

export function detailsToJson(details: ActionDetails): JsonObject {
  return { inputs: details.inputs };
}

/** Reads what was recorded; what does not fit is left out, because it serves words only. */
export function detailsFromJson(json: Json | undefined): ActionDetails {
  if (!isJsonObject(json) || !isJsonObject(json['inputs'])) return NO_DETAILS;
  const inputs: Record<string, Record<string, string>> = {};
  for (const [role, names] of Object.entries(json['inputs'])) {
    if (!isJsonObject(names)) continue;
    inputs[role] = Object.fromEntries(
      Object.entries(names).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  }
  return { inputs };
}
