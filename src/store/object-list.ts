import { hexOf, sha256, type Digest } from '../base/digest.js';
import type { ObjectRef } from './objects.js';

/**
 * The text of a list object:
 *
 *     vlmbuild list 1 SIZE sha256:DIGEST-OF-THE-LINES-BELOW
 *     HEX SIZE
 *     …
 *
 * Its members are checked one by one when they are read; the digest in the first line does the same for the list, so
 * that a line lost or changed is noticed before anything is delivered.
 */
export function printList(members: readonly ObjectRef[], whole: ObjectRef): string {
  const body = members.map((member) => `${hexOf(member.sha256)} ${String(member.size)}\n`).join('');
  return `vlmbuild list 1 ${String(whole.size)} ${sha256(body)}\n${body}`;
}

/** Undefined where the text is not as it was printed. */
export function parseList(text: string): readonly ObjectRef[] | undefined {
  const end = text.indexOf('\n');
  const [, size, digest] = /^vlmbuild list 1 (\d+) (sha256:[0-9a-f]{64})$/.exec(text.slice(0, Math.max(0, end))) ?? [];
  const body = text.slice(end + 1);
  if (size === undefined || sha256(body) !== digest) return undefined;
  return body
    .slice(0, -1)
    .split('\n')
    .map((line): ObjectRef => ({
      sha256: `sha256:${line.slice(0, 64)}` satisfies Digest,
      size: Number(line.slice(65)),
    }));
}
