import { isJsonObject, type Json } from '../base/json.js';
import { KEY_FORMAT, type Fingerprint } from './fingerprint.js';

/**
 * A fingerprint as it was recorded, or only its format where that is another one.
 * Undefined for what is no fingerprint: the index is a cache, and a reason is only words.
 */
export function fingerprintFromJson(
  json: Json,
): { readonly format: number; readonly fingerprint?: Fingerprint } | undefined {
  if (!isJsonObject(json) || typeof json['format'] !== 'number') return undefined;
  if (json['format'] !== KEY_FORMAT) return { format: json['format'] };
  const { work, params, inputs, env, outputs } = json;
  const whole = isJsonObject(work) && isJsonObject(params) && isJsonObject(inputs) && isJsonObject(env);
  return whole && Array.isArray(outputs)
    ? { format: KEY_FORMAT, fingerprint: json as unknown as Fingerprint }
    : undefined;
}
