/**
 * Writes the messages of a call record as chat rows have them. AssemblyScript, compiled by `scripts/kernels.mjs`.
 * `RecordBytes` says the same a byte at a time, and takes all that this takes.
 *
 * The records are the caller's to write, from `TEXT` on: UTF-8, of `MOST` bytes at the most. 16 bytes of zero are put behind
 * them: like all control characters these are in no value, so nothing runs past them. Rows are gathered from `OUT` on.
 */
import { isInputMessages, isOutputText, isOutputToolCalls } from './record/keys';
import { IN_RECORD, PLAIN, RESULT, TEXT } from './record/layout';
import { ASSISTANT, ASSISTANT_LENGTH, MESSAGES, MESSAGES_LENGTH } from './record/literals';
import { hasUserImage, inputMessages } from './record/messages';
import { keepRun, passRun } from './record/passed';
import { isEmptyList, isSpeech, respond } from './record/reply';
import { blanks, colon, form, NULL, plainKey, records, scalar, skip, string } from './record/values';
import { out, put, put2, write } from './record/writing';

export { end } from './record/ending';
export { BEFORE, BEHIND, END, MOST, MOST_BEFORE, MOST_BEHIND, MOST_OUT, OUT, RESULT, TEXT } from './record/layout';

// What `record` gives.
/** It is written otherwise than usual. */
const UNUSUAL: i32 = 0;
/** All messages are written. */
const WRITTEN: i32 = 1;
/** Those before the reply are written, with what opens the list but not what closes it. */
const REPLY_LEFT: i32 = 2;
const NO_REPLY: i32 = 3;
const NO_INPUT: i32 = 4;

/** Reads a list of one record, of so many bytes, and begins its row. `fixed`: whether a reply may be plain text. */
export function record(length: usize, fixed: bool, row: usize): i32 {
  v128.store(TEXT + length, i64x2.splat(0));
  out = row;
  records++;
  put(MESSAGES, MESSAGES_LENGTH);
  const first = out;
  hasUserImage = false;
  let textStart: usize = 0;
  let textEnd: usize = 0;
  let callsStart: usize = 0;
  let callsEnd: usize = 0;
  let hasInputs = false;
  let textForm = PLAIN;
  let at = blanks(TEXT);
  if (load<u8>(at) != 0x5b) return UNUSUAL;
  at = blanks(at + 1);
  if (load<u8>(at) != 0x7b) return UNUSUAL;
  at = blanks(at + 1);
  let runStart: usize = 0;
  let runEnd: usize = 0;
  while (true) {
    const again = passRun(at, IN_RECORD);
    if (again != 0) at = again;
    else {
      const begin = at;
      const key = at + 1;
      at = plainKey(at);
      if (at == 0) return UNUSUAL;
      const keyLength = at - key - 1;
      at = colon(at);
      if (at == 0) return UNUSUAL;
      let isRun = false;
      if (isInputMessages(key, keyLength)) {
        if (hasInputs) return UNUSUAL;
        hasInputs = true;
        at = inputMessages(at);
      } else if (isOutputText(key, keyLength)) {
        textStart = 0;
        if (load<u8>(at) == 0x22) {
          textStart = at;
          at = string(at + 1);
          textEnd = at;
          textForm = form;
        } else if (load<u8>(at) == 0x6e) at = scalar(at);
        else return UNUSUAL;
      } else if (isOutputToolCalls(key, keyLength)) {
        callsStart = at;
        at = skip(at);
        callsEnd = at;
      } else if (load<u32>(at) == NULL) {
        at += 4;
        isRun = true;
      } else {
        at = skip(at);
      }
      if (at == 0) return UNUSUAL;
      if (isRun) {
        if (runStart == 0) runStart = begin;
        runEnd = at;
      } else if (runStart != 0) {
        keepRun(runStart, runEnd, IN_RECORD);
        runStart = 0;
      }
    }
    at = blanks(at);
    const after = load<u8>(at);
    at = blanks(at + 1);
    if (after == 0x2c) continue;
    if (after != 0x7d) return UNUSUAL;
    break;
  }
  if (runStart != 0) keepRun(runStart, runEnd, IN_RECORD);
  if (load<u8>(at) != 0x5d || blanks(at + 1) != TEXT + length) return UNUSUAL;

  const hasCalls = callsStart != 0 && !isEmptyList(callsStart, callsEnd);
  const hasText = textStart != 0 && textEnd - textStart > 2;
  if (!hasText && !hasCalls) return NO_REPLY;
  const begun = out;
  let status = REPLY_LEFT;
  if (hasText) {
    if (load<u8>(textStart, 1) == 0x7b) {
      if (respond(textStart, textEnd, hasCalls)) status = WRITTEN;
    } else if (fixed && !hasCalls && isSpeech(textStart + 1)) {
      put(ASSISTANT, ASSISTANT_LENGTH);
      write(textStart, textEnd, textForm);
      put2(0x5d7d); // }]
      status = WRITTEN;
    }
  }
  if (begun == first) return status == WRITTEN ? NO_INPUT : UNUSUAL;
  if (status == REPLY_LEFT) out = begun;
  store<u32>(RESULT, out as u32);
  store<u32>(RESULT, hasUserImage ? 1 : 0, 4);
  store<u32>(RESULT, textStart as u32, 8);
  store<u32>(RESULT, textEnd as u32, 12);
  store<u32>(RESULT, callsStart as u32, 16);
  store<u32>(RESULT, callsEnd as u32, 20);
  return status;
}
