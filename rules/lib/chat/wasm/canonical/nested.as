/** Passing lists and objects, and telling of the wanted values in them. */
import { isKnown, member } from './keys';
import { FRAMES, KEYS, MOST_DEPTH, MOST_KEYS, NODES, TOLD, TOLD_END, VALUES_END } from './layout';
import { escaped, scalar, string } from './scalars';

const LIST: u32 = 0xffffffff;

/** Where in `TOLD` the next entry goes. Who imports it may set it: AssemblyScript allows that. */
export let told: usize = TOLD;
/** Where in `VALUES` the next entry goes; 0 where none is wanted. It may be set as well. */
export let values: usize = 0;

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function tell(number: u32, start: usize, end: usize): void {
  store<u32>(told, number);
  store<u32>(told, start as u32, 4);
  store<u32>(told, end as u32, 8);
  told += 12;
}

/** Tells of a row's values, and returns the address after the object; 0 where it is not canonical, or unusual. */
export function row(at: usize): usize {
  return load<u8>(at) == 0x7b ? nested(at, 0, 1) : 0;
}

/** The same, of any value that is in so many lists and objects, and has that node. */
export function nested(at: usize, outside: usize, node: u32): usize {
  let depth = outside;
  let keys = KEYS;
  // Of the innermost that is open: from where on its keys lie, or that it is a list, and its node.
  let frame: u32 = LIST;
  let parent: u32 = 0;
  // Of the value at hand, as `node` is.
  let start = at;
  while (true) {
    // A value begins here.
    start = at;
    const byte = load<u8>(at);
    let closed = true;
    if (byte == 0x22) {
      at = string(at + 1);
    } else if (byte == 0x7b || byte == 0x5b) {
      if (load<u8>(at + 1) == byte + 2) at += 2;
      else {
        if (depth == MOST_DEPTH) return 0;
        frame = byte == 0x7b ? (keys as u32) : LIST;
        parent = node;
        const opened = FRAMES + 12 * ++depth;
        store<u32>(opened, frame);
        store<u32>(opened, parent, 4);
        store<u32>(opened, start as u32, 8);
        at++;
        closed = false;
      }
    } else {
      at = scalar(at, byte);
    }
    if (at == 0) return 0;
    // A row that is empty is one nevertheless.
    if (closed && values != 0 && values != VALUES_END && depth > 0) {
      store<u32>(values, node);
      store<u32>(values, start as u32, 4);
      store<u32>(values, at as u32, 8);
      store<u32>(values, depth as u32, 12);
      values += 16;
    }
    // Up to where the next value begins.
    while (true) {
      if (closed) {
        const number = load<u32>(NODES + 16 * (node as usize), 12);
        if (number != 0) {
          if (told == TOLD_END) return 0;
          tell(number, start, at);
        }
        if (depth == outside) return at;
        const after = load<u16>(at);
        if (after == 0x202c) at += 2;
        else {
          const close: u16 = frame == LIST ? 0x5d : 0x7d;
          if ((after & 0xff) != close) return 0;
          at++;
          if (frame != LIST) keys = frame as usize;
          const ended = FRAMES + 12 * depth--;
          node = load<u32>(ended, 4);
          start = load<u32>(ended, 8) as usize;
          const outer = FRAMES + 12 * depth;
          frame = load<u32>(outer);
          parent = load<u32>(outer, 4);
          continue;
        }
      }
      if (frame == LIST) {
        node = load<u32>(NODES + 16 * (parent as usize), 8);
        break;
      }
      if (load<u8>(at) != 0x22) return 0;
      const key = at + 1;
      at = string(key);
      // A key with escapes is left to who asks: two may be one.
      if (at == 0 || escaped) return 0;
      const length = at - 1 - key;
      if (isKnown(frame as usize, keys, key, length) || keys == KEYS + 8 * MOST_KEYS) return 0;
      store<u32>(keys, key as u32);
      store<u32>(keys, length as u32, 4);
      keys += 8;
      if (load<u16>(at) != 0x203a) return 0;
      at += 2;
      node = parent == 0 ? 0 : member(parent, key, length);
      break;
    }
  }
}
