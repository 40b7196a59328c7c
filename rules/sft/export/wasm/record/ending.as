/** What stands behind the messages of a row. */
import { BEFORE, BEHIND } from './layout';
import {
  ASSISTANT_HAS_IMAGE,
  ASSISTANT_HAS_IMAGE_LENGTH,
  FALSE,
  FALSE_LENGTH,
  HAS_IMAGE,
  HAS_IMAGE_LENGTH,
  TRUE,
  TRUE_LENGTH,
} from './literals';
import { out, put, put2 } from './writing';

/** Ends a row whose messages end at an address, and gives the address behind it. */
export function end(at: usize, before: usize, turn: u32, behind: usize, user: bool, assistant: bool): usize {
  out = at;
  put(BEFORE, before);
  decimal(turn);
  put(BEHIND, behind);
  flag(user);
  put(ASSISTANT_HAS_IMAGE, ASSISTANT_HAS_IMAGE_LENGTH);
  flag(assistant);
  put(HAS_IMAGE, HAS_IMAGE_LENGTH);
  flag(user || assistant);
  put2(0x7d7d); // }}
  store<u8>(out++, 0x0a);
  return out;
}

function flag(is: bool): void {
  if (is) put(TRUE, TRUE_LENGTH);
  else put(FALSE, FALSE_LENGTH);
}

function decimal(value: u32): void {
  let digits: usize = 1;
  for (let rest = value / 10; rest > 0; rest /= 10) digits++;
  out += digits;
  for (let at = out - 1; digits > 0; at--, digits--) {
    store<u8>(at, 0x30 + ((value % 10) as u8));
    value /= 10;
  }
}
