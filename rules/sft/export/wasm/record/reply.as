/** The reply of a complete response. */
import { isArguments, isChoices, isContent, isFunction, isId, isMessage, isName, isToolCalls } from './keys';
import { MOST_TOOL_CALLS, PLAIN, SPEECH, TOOL_CALLS } from './layout';
import {
  ASSISTANT,
  ASSISTANT_LENGTH,
  CALL,
  CALL_ARGUMENTS,
  CALL_ARGUMENTS_LENGTH,
  CALL_LENGTH,
  CALL_NAME,
  CALL_NAME_LENGTH,
  CALLS,
  CALLS_LENGTH,
} from './literals';
import { blanks, colon, form, plainKey, scalar, skip, string } from './values';
import { decode, out, put, put2, write } from './writing';

/** Whether a string that begins so, behind its quote, is no JSON for certain, and not blank. */
export function isSpeech(at: usize): bool {
  const byte = load<u8>(at);
  // A blank, a quote, a bracket, a sign, a digit, or an escape.
  if (byte <= 0x22 || byte == 0x2d || byte - 0x30 < 10 || byte == 0x5b || byte == 0x5c || byte == 0x7b) return false;
  const four = load<u32>(at);
  // true, null, fals, Infi, NaN
  if (four == 0x65757274 || four == 0x6c6c756e || four == 0x736c6166 || four == 0x69666e49) return false;
  return (four & 0xffffff) != 0x4e614e;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isEmptyList(start: usize, end: usize): bool {
  return load<u8>(start) == 0x6e || (load<u8>(start) == 0x5b && blanks(start + 1) == end - 1);
}

/** Writes the reply of a complete response whose tool calls are in the form that chat completions have; else nothing that counts. */
export function respond(start: usize, end: usize, hasCalls: bool): bool {
  const speechEnd = decode(start + 1, end - 1);
  if (speechEnd == 0) return false;
  v128.store(speechEnd, i64x2.splat(0));
  saidStart = 0;
  callsFound = TOOL_CALLS;
  hasMessage = false;
  const after = response(SPEECH);
  if (after == 0 || blanks(after) != speechEnd || !hasMessage) return false;
  if (callsFound == TOOL_CALLS && (hasCalls || saidStart == 0)) return false;
  put(ASSISTANT, ASSISTANT_LENGTH);
  if (saidStart != 0) write(saidStart, saidEnd, saidForm);
  else put2(0x2222);
  if (callsFound != TOOL_CALLS) {
    put(CALLS, CALLS_LENGTH);
    for (let call = TOOL_CALLS; call < callsFound; call += 36) {
      if (call != TOOL_CALLS) put2(0x202c);
      put(CALL, CALL_LENGTH);
      write(load<u32>(call), load<u32>(call, 4), load<u32>(call, 8));
      put(CALL_NAME, CALL_NAME_LENGTH);
      write(load<u32>(call, 12), load<u32>(call, 16), load<u32>(call, 20));
      put(CALL_ARGUMENTS, CALL_ARGUMENTS_LENGTH);
      write(load<u32>(call, 24), load<u32>(call, 28), load<u32>(call, 32));
      put2(0x7d7d);
    }
    store<u8>(out++, 0x5d);
  }
  put2(0x5d7d); // }]
  return true;
}

/** What the response says; 0 where that is nothing. */
let saidStart: usize = 0;
let saidEnd: usize = 0;
let saidForm: u32 = PLAIN;
let callsFound: usize = TOOL_CALLS;
let hasMessage: bool = false;

function response(at: usize): usize {
  let hasChoices = false;
  at = blanks(at + 1);
  while (true) {
    const key = at + 1;
    at = plainKey(at);
    if (at == 0) return 0;
    const keyLength = at - key - 1;
    at = colon(at);
    if (at == 0) return 0;
    if (isChoices(key, keyLength)) {
      if (hasChoices) return 0;
      hasChoices = true;
      at = choices(at);
    } else {
      at = skip(at);
    }
    if (at == 0) return 0;
    at = blanks(at);
    const after = load<u8>(at++);
    if (after == 0x7d) return at;
    if (after != 0x2c) return 0;
    at = blanks(at);
  }
}

/** The first one counts. */
function choices(at: usize): usize {
  if (load<u8>(at) != 0x5b) return 0;
  at = blanks(at + 1);
  if (load<u8>(at) != 0x7b) return 0;
  at = choice(at);
  while (true) {
    if (at == 0) return 0;
    at = blanks(at);
    const after = load<u8>(at++);
    if (after == 0x5d) return at;
    if (after != 0x2c) return 0;
    at = skip(blanks(at));
  }
}

function choice(at: usize): usize {
  at = blanks(at + 1);
  while (true) {
    const key = at + 1;
    at = plainKey(at);
    if (at == 0) return 0;
    const keyLength = at - key - 1;
    at = colon(at);
    if (at == 0) return 0;
    if (isMessage(key, keyLength)) {
      if (hasMessage || load<u8>(at) != 0x7b) return 0;
      hasMessage = true;
      at = message(at);
    } else {
      at = skip(at);
    }
    if (at == 0) return 0;
    at = blanks(at);
    const after = load<u8>(at++);
    if (after == 0x7d) return at;
    if (after != 0x2c) return 0;
    at = blanks(at);
  }
}

function message(at: usize): usize {
  let hasContent = false;
  let hasToolCalls = false;
  at = blanks(at + 1);
  while (true) {
    const key = at + 1;
    at = plainKey(at);
    if (at == 0) return 0;
    const keyLength = at - key - 1;
    at = colon(at);
    if (at == 0) return 0;
    if (isContent(key, keyLength)) {
      if (hasContent) return 0;
      hasContent = true;
      const start = at;
      if (load<u8>(at) == 0x22) {
        at = string(at + 1);
        if (at - start > 2) {
          saidStart = start;
          saidEnd = at;
          saidForm = form;
        }
      } else if (load<u8>(at) == 0x6e) at = scalar(at);
      else return 0;
    } else if (isToolCalls(key, keyLength)) {
      if (hasToolCalls) return 0;
      hasToolCalls = true;
      if (load<u8>(at) == 0x5b) at = toolCalls(at);
      else if (load<u8>(at) == 0x6e) at = scalar(at);
      else return 0;
    } else {
      at = skip(at);
    }
    if (at == 0) return 0;
    at = blanks(at);
    const after = load<u8>(at++);
    if (after == 0x7d) return at;
    if (after != 0x2c) return 0;
    at = blanks(at);
  }
}

function toolCalls(at: usize): usize {
  at = blanks(at + 1);
  if (load<u8>(at) == 0x5d) return at + 1;
  while (true) {
    if (load<u8>(at) != 0x7b || callsFound == TOOL_CALLS + 36 * MOST_TOOL_CALLS) return 0;
    at = toolCall(at);
    if (at == 0) return 0;
    callsFound += 36;
    at = blanks(at);
    const after = load<u8>(at++);
    if (after == 0x5d) return at;
    if (after != 0x2c) return 0;
    at = blanks(at);
  }
}

function toolCall(at: usize): usize {
  const call = callsFound;
  let hasId = false;
  let hasFunction = false;
  at = blanks(at + 1);
  while (true) {
    const key = at + 1;
    at = plainKey(at);
    if (at == 0) return 0;
    const keyLength = at - key - 1;
    at = colon(at);
    if (at == 0) return 0;
    if (isId(key, keyLength)) {
      if (hasId) return 0;
      hasId = true;
      at = filled(at, call);
    } else if (isFunction(key, keyLength)) {
      if (hasFunction || load<u8>(at) != 0x7b) return 0;
      hasFunction = true;
      at = called(at, call);
    } else if (isName(key, keyLength)) {
      // It would come first.
      return 0;
    } else {
      at = skip(at);
    }
    if (at == 0) return 0;
    at = blanks(at);
    const after = load<u8>(at++);
    if (after == 0x7d) return hasId && hasFunction ? at : 0;
    if (after != 0x2c) return 0;
    at = blanks(at);
  }
}

function called(at: usize, call: usize): usize {
  let hasName = false;
  let hasArguments = false;
  at = blanks(at + 1);
  while (true) {
    const key = at + 1;
    at = plainKey(at);
    if (at == 0) return 0;
    const keyLength = at - key - 1;
    at = colon(at);
    if (at == 0) return 0;
    if (isName(key, keyLength)) {
      if (hasName) return 0;
      hasName = true;
      at = filled(at, call + 12);
    } else if (isArguments(key, keyLength)) {
      if (hasArguments || load<u8>(at) != 0x22) return 0;
      hasArguments = true;
      at = text(at, call + 24);
    } else {
      at = skip(at);
    }
    if (at == 0) return 0;
    at = blanks(at);
    const after = load<u8>(at++);
    if (after == 0x7d) return hasName && hasArguments ? at : 0;
    if (after != 0x2c) return 0;
    at = blanks(at);
  }
}

/** Notes a string that is not empty. */
function filled(at: usize, into: usize): usize {
  return load<u8>(at) == 0x22 && load<u8>(at, 1) != 0x22 ? text(at, into) : 0;
}

function text(at: usize, into: usize): usize {
  const end = string(at + 1);
  store<u32>(into, at as u32);
  store<u32>(into, end as u32, 4);
  store<u32>(into, form, 8);
  return end;
}
