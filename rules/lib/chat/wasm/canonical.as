/**
 * Passes rows, JSON objects that are canonical: written as `jsonText` writes them, and tells where in them the values at
 * wanted paths are. AssemblyScript, compiled by `scripts/kernels.mjs`. `rewriteJson` finds canonical all that this takes,
 * and `WalkedRow` tells of it.
 *
 * The text is the caller's to write, from `TEXT` on, with at least 64 bytes of zero behind it: like all control
 * characters these are in no value, so nothing runs past them.
 */
import { TOLD, TOLD_END } from './canonical/layout';
import { row, tell, told } from './canonical/nested';

export { NODES, MOST_NODES, EDGES, KEY_TEXT, MOST_KEY_TEXT, RUNS, TOLD, TEXT } from './canonical/layout';
export { runs } from './canonical/runs';
export { units } from './canonical/units';

/**
 * Passes lines from an address on, up to the first that is no canonical row, or unusual, or for which there is no room in
 * `TOLD`; each with its end (LF, CRLF or CR), or up to `end`. Returns how many entries of `TOLD` there are.
 */
export function rows(at: usize, end: usize): usize {
  told = TOLD;
  let taken = TOLD;
  while (at < end) {
    const start = at;
    at = row(start);
    if (at == 0 || told == TOLD_END) break;
    const last = at;
    if (at < end) {
      const byte = load<u8>(at++);
      if (byte == 0x0d) {
        if (load<u8>(at) == 0x0a) at++;
      } else if (byte != 0x0a) break;
    }
    tell(0, start, last);
    taken = told;
  }
  return (taken - TOLD) / 12;
}
