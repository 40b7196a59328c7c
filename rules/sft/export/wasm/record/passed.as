/**
 * What was passed before: in one record and the next much is the same, byte for byte, and so as right as it was.
 */
import {
  LEAST_RUN,
  LEAST_VALUE,
  MOST_RUN,
  MOST_VALUE,
  RUN_SHIFT,
  RUN_SLOT,
  RUNS,
  VALUE_SHIFT,
  VALUE_SLOT,
  VALUES,
} from './layout';

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export const SPREAD: u64 = 0x9e3779b97f4a7c15;

/** Of 16 bytes or more. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isEqual(one: usize, other: usize, length: usize): bool {
  const last = length - 16;
  for (let at: usize = 0; at < last; at += 16) {
    if (v128.any_true(v128.xor(v128.load(one + at), v128.load(other + at)))) return false;
  }
  return !v128.any_true(v128.xor(v128.load(one + last), v128.load(other + last)));
}

/** What is in the run that `passRun` passed last. */
export let runHas: u32 = 0;

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function runSlot(at: usize, where: u32): usize {
  return RUNS + ((((load<u64>(at) + where) * SPREAD) >> RUN_SHIFT) as usize) * RUN_SLOT;
}

/** The address behind members that are null, if those from a key on are known; else 0. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function passRun(at: usize, where: u32): usize {
  const slot = runSlot(at, where);
  // Mostly the first key is another one.
  if (load<u64>(at) != load<u64>(slot, 16)) return 0;
  const length = load<u32>(slot) as usize;
  runHas = load<u32>(slot, 4);
  return length != 0 && (runHas & 3) == where && isEqual(at, slot + 16, length) ? at + length : 0;
}

export function keepRun(start: usize, end: usize, has: u32): void {
  const length = end - start;
  if (length < LEAST_RUN || length > MOST_RUN) return;
  const slot = runSlot(start, has & 3);
  memory.copy(slot + 16, start, length);
  store<u32>(slot, length as u32);
  store<u32>(slot, has, 4);
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function valueSlot(at: usize): usize {
  const mixed = (load<u64>(at) * SPREAD) ^ load<u64>(at, 8);
  return VALUES + (((mixed * SPREAD) >> VALUE_SHIFT) as usize) * VALUE_SLOT;
}

/** The address behind a list or object, if it is known; else 0. */
export function passValue(at: usize): usize {
  const slot = valueSlot(at);
  const length = load<u32>(slot) as usize;
  return length != 0 && isEqual(at, slot + 16, length) ? at + length : 0;
}

/** Keeps a value the second time that one of its length comes: most never come again. */
export function keepValue(start: usize, end: usize): void {
  const length = end - start;
  if (length < LEAST_VALUE || length > MOST_VALUE) return;
  const slot = valueSlot(start);
  if (load<u32>(slot, 4) != (length as u32)) {
    store<u32>(slot, length as u32, 4);
    return;
  }
  memory.copy(slot + 16, start, length);
  store<u32>(slot, length as u32);
}
