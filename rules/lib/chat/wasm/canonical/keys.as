/** The keys of objects: which are wanted, and whether one stands twice. */
import { EDGES, NODES } from './layout';

/** The node of a member by its key; 0 where it is not wanted. */
export function member(parent: u32, key: usize, length: usize): u32 {
  const node = NODES + 16 * (parent as usize);
  let edge = EDGES + 12 * (load<u32>(node) as usize);
  for (const last = edge + 12 * (load<u32>(node, 4) as usize); edge < last; edge += 12) {
    if ((load<u32>(edge, 4) as usize) == length && isSame(load<u32>(edge) as usize, key, length)) return load<u32>(edge, 8);
  }
  return 0;
}

/** Whether a key is among those of its object. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isKnown(from: usize, end: usize, start: usize, length: usize): bool {
  for (let key = from; key < end; key += 8) {
    if ((load<u32>(key, 4) as usize) == length && isSame(load<u32>(key) as usize, start, length)) return true;
  }
  return false;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isSame(a: usize, b: usize, length: usize): bool {
  const end = a + length;
  while (a < end && load<u8>(a) == load<u8>(b)) {
    a++;
    b++;
  }
  return a >= end;
}
