import { digestOf, sha256, type Digest } from '../base/digest.js';
import { compareBytes } from '../base/order.js';
import { withoutDocumentation } from './documentation.js';

/**
 * The digest of what a rule does: its bundle printed as ESM without white space and comments (and without the texts that
 * only document), and `name@version` of each external package and of its runtime dependencies.
 *
 * Node's built-ins, `vlmbuild` and `zod` are not in it: what they do is covered by the key format.
 */
export function codeDigest(printed: string, packages: Iterable<string>): Digest {
  return digestOf({
    bundle: sha256(withoutDocumentation(printed)),
    packages: [...new Set(packages)].sort(compareBytes),
  });
}

/** The digest of one module, printed in the same way: for telling which module changed. */
export function moduleDigest(printed: string | Uint8Array): Digest {
  return sha256(typeof printed === 'string' ? withoutDocumentation(printed) : printed);
}
