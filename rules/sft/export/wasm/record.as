/**
 * Writes the messages of a call record as chat rows have them. AssemblyScript, compiled by `scripts/kernels.mjs`.
 * `RecordBytes` says the same a byte at a time, and takes all that this takes.
 *
 * The records are the caller's to write, from `TEXT` on: UTF-8, with at least 16 bytes of zero behind it. Like all control
 * characters these are in no value, so nothing runs past them. Rows are gathered from `OUT` on.
 */

// What `record` gives.
/** It is written otherwise than usual. */
const UNUSUAL: i32 = 0;
/** All messages are written. */
const WRITTEN: i32 = 1;
/** Those before the reply are written, with what opens the list but not what closes it. */
const REPLY_LEFT: i32 = 2;
const NO_REPLY: i32 = 3;
const NO_INPUT: i32 = 4;

const LENGTH: usize = 4 << 20;
export const TEXT: usize = 65536;
export const MOST: usize = LENGTH;
/** The recorded text of the reply, without its escapes. */
const SPEECH: usize = TEXT + LENGTH + 64;
/** Lists and objects: length, that of one that was seen once, and from 16 on their bytes. 4096 bytes each, 16 of them. */
const VALUES: usize = SPEECH + LENGTH + 64;
const VALUE_SLOT: usize = 4096;
const VALUE_SHIFT: u64 = 60;
const LEAST_VALUE: usize = 96;
const MOST_VALUE: usize = VALUE_SLOT - 16;
export const OUT: usize = VALUES + 16 * VALUE_SLOT;
/** Here a row may begin: up to there no list of messages reaches `END`, because none is twice as long as the record. */
export const MOST_OUT: usize = 1 << 19;
export const END: usize = OUT + MOST_OUT + 2 * LENGTH + (1 << 20);

/** Six numbers of 4 bytes: where what is written ends, whether a user has an image, where output_text and output_tool_calls are. */
export const RESULT: usize = 8192;
/** By depth, what closes the value that is passed: a byte each. And where it begins: 4 bytes each. */
const FRAMES: usize = RESULT + 64;
const MOST_DEPTH: usize = 480;
const BEGINS: usize = FRAMES + 512;
/** Strings of the record that are not short: where they begin and end, their form, and `records` then. 16 bytes each. */
const STRINGS: usize = BEGINS + 2048;
const STRING_SHIFT: u64 = 58;
/** A shorter one is as soon passed as compared. */
const LEAST_STRING: usize = 48;
/** Of a message: where each segment's string begins and ends, and what it is: 12 bytes each. */
const SEGMENTS: usize = 16384;
const MOST_SEGMENTS: usize = 1024;
/** Of a reply's tool calls: where id, name and arguments begin and end, and their forms: 36 bytes each. */
const TOOL_CALLS: usize = 32768;
const MOST_TOOL_CALLS: usize = 256;
/** Runs of members that are null: length, what is in them, and from 16 on their bytes. 512 bytes each, 32 of them. */
const RUNS: usize = 45056;
const RUN_SLOT: usize = 512;
const RUN_SHIFT: u64 = 59;
const LEAST_RUN: usize = 48;
const MOST_RUN: usize = RUN_SLOT - 16;
// What a run is in, and whether a part's `text` or `uri` is in it.
const IN_PART: u32 = 1;
const IN_RECORD: u32 = 2;
const HAS_TEXT: u32 = 4;
const HAS_URI: u32 = 8;
/** Longer numbers are left to who asks. */
const MOST_DIGITS: usize = 1000;

// What a string's escapes do to the way it is written.
const PLAIN: u32 = 0;
/** It may be copied as it stands. */
const ESCAPED: u32 = 1;
/** It must be decoded to be written. */
const RECODED: u32 = 2;

const IMAGE: u32 = 4;

// {"messages": 
const MESSAGES = memory.data<u8>([0x7b, 0x22, 0x6d, 0x65, 0x73, 0x73, 0x61, 0x67, 0x65, 0x73, 0x22, 0x3a, 0x20], 16);
const MESSAGES_LENGTH: usize = 13;
// {"role": 
const ROLE = memory.data<u8>([0x7b, 0x22, 0x72, 0x6f, 0x6c, 0x65, 0x22, 0x3a, 0x20], 16);
const ROLE_LENGTH: usize = 9;
// , "content": 
const CONTENT = memory.data<u8>([0x2c, 0x20, 0x22, 0x63, 0x6f, 0x6e, 0x74, 0x65, 0x6e, 0x74, 0x22, 0x3a, 0x20], 16);
const CONTENT_LENGTH: usize = 13;
// {"type": "text", "text": 
const TEXT_SEGMENT = memory.data<u8>([0x7b, 0x22, 0x74, 0x79, 0x70, 0x65, 0x22, 0x3a, 0x20, 0x22, 0x74, 0x65, 0x78, 0x74, 0x22, 0x2c, 0x20, 0x22, 0x74, 0x65, 0x78, 0x74, 0x22, 0x3a, 0x20], 16);
const TEXT_SEGMENT_LENGTH: usize = 25;
// {"type": "image_url", "image_url": {"url": 
const IMAGE_SEGMENT = memory.data<u8>([0x7b, 0x22, 0x74, 0x79, 0x70, 0x65, 0x22, 0x3a, 0x20, 0x22, 0x69, 0x6d, 0x61, 0x67, 0x65, 0x5f, 0x75, 0x72, 0x6c, 0x22, 0x2c, 0x20, 0x22, 0x69, 0x6d, 0x61, 0x67, 0x65, 0x5f, 0x75, 0x72, 0x6c, 0x22, 0x3a, 0x20, 0x7b, 0x22, 0x75, 0x72, 0x6c, 0x22, 0x3a, 0x20], 16);
const IMAGE_SEGMENT_LENGTH: usize = 43;
// , {"role": "assistant", "content": 
const ASSISTANT = memory.data<u8>([0x2c, 0x20, 0x7b, 0x22, 0x72, 0x6f, 0x6c, 0x65, 0x22, 0x3a, 0x20, 0x22, 0x61, 0x73, 0x73, 0x69, 0x73, 0x74, 0x61, 0x6e, 0x74, 0x22, 0x2c, 0x20, 0x22, 0x63, 0x6f, 0x6e, 0x74, 0x65, 0x6e, 0x74, 0x22, 0x3a, 0x20], 16);
const ASSISTANT_LENGTH: usize = 35;
// , "tool_calls": [
const CALLS = memory.data<u8>([0x2c, 0x20, 0x22, 0x74, 0x6f, 0x6f, 0x6c, 0x5f, 0x63, 0x61, 0x6c, 0x6c, 0x73, 0x22, 0x3a, 0x20, 0x5b], 16);
const CALLS_LENGTH: usize = 17;
// {"id": 
const CALL = memory.data<u8>([0x7b, 0x22, 0x69, 0x64, 0x22, 0x3a, 0x20], 16);
const CALL_LENGTH: usize = 7;
// , "type": "function", "function": {"name": 
const CALL_NAME = memory.data<u8>([0x2c, 0x20, 0x22, 0x74, 0x79, 0x70, 0x65, 0x22, 0x3a, 0x20, 0x22, 0x66, 0x75, 0x6e, 0x63, 0x74, 0x69, 0x6f, 0x6e, 0x22, 0x2c, 0x20, 0x22, 0x66, 0x75, 0x6e, 0x63, 0x74, 0x69, 0x6f, 0x6e, 0x22, 0x3a, 0x20, 0x7b, 0x22, 0x6e, 0x61, 0x6d, 0x65, 0x22, 0x3a, 0x20], 16);
const CALL_NAME_LENGTH: usize = 43;
// , "arguments": 
const CALL_ARGUMENTS = memory.data<u8>([0x2c, 0x20, 0x22, 0x61, 0x72, 0x67, 0x75, 0x6d, 0x65, 0x6e, 0x74, 0x73, 0x22, 0x3a, 0x20], 16);
const CALL_ARGUMENTS_LENGTH: usize = 15;

/** Of the string that was passed last. */
let form: u32 = PLAIN;
/** Where the next byte is written. */
let out: usize = OUT;
let hasUserImage: bool = false;

/** Counts records. */
let records: u32 = 0;

/** Reads a list of one record, of so many bytes, and begins its row. `fixed`: whether a reply may be plain text. */
export function record(length: usize, fixed: bool, row: usize): i32 {
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
    if (load<u8>(textStart, 1) == 0x7b) status = respond(textStart, textEnd, hasCalls);
    else if (fixed && !hasCalls && isSpeech(textStart + 1)) {
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

// ---- what was sent ----

/** Writes `[` and the messages of a list, without what closes it; nothing where no message says anything. */
function inputMessages(at: usize): usize {
  if (load<u8>(at) != 0x5b) return 0;
  at = blanks(at + 1);
  if (load<u8>(at) == 0x5d) return at + 1;
  let isFirst = true;
  while (true) {
    if (load<u8>(at) != 0x7b) return 0;
    at = blanks(at + 1);
    let roleStart: usize = 0;
    let roleEnd: usize = 0;
    let segments: usize = 0;
    while (true) {
      const key = at + 1;
      at = plainKey(at);
      if (at == 0) return 0;
      const keyLength = at - key - 1;
      at = colon(at);
      if (at == 0) return 0;
      if (isRole(key, keyLength)) {
        if (load<u8>(at) != 0x22) return 0;
        roleStart = at;
        at = string(at + 1);
        if (form != PLAIN) return 0;
        roleEnd = at;
      } else if (isParts(key, keyLength)) {
        at = parts(at);
        segments = segmentsEnd;
      } else {
        at = skip(at);
      }
      if (at == 0) return 0;
      at = blanks(at);
      const after = load<u8>(at);
      at = blanks(at + 1);
      if (after == 0x2c) continue;
      if (after != 0x7d) return 0;
      break;
    }
    if (roleStart == 0 || segments == 0) return 0;
    if (!saysNothing(segments)) {
      if (isFirst) store<u8>(out++, 0x5b);
      else put2(0x202c); // , and a blank
      isFirst = false;
      put(ROLE, ROLE_LENGTH);
      write(roleStart, roleEnd, PLAIN);
      put(CONTENT, CONTENT_LENGTH);
      const hasImage = content(segments);
      store<u8>(out++, 0x7d);
      if (hasImage && isUser(roleStart + 1, roleEnd - roleStart - 2)) hasUserImage = true;
    }
    const after = load<u8>(at);
    at = blanks(at + 1);
    if (after == 0x2c) continue;
    return after == 0x5d ? at : 0;
  }
}

/** Where the segments end that `parts` found. */
let segmentsEnd: usize = SEGMENTS;

/** Whether there is no segment, or an empty text alone. */
function saysNothing(end: usize): bool {
  if (end == SEGMENTS) return true;
  return end == SEGMENTS + 12 && load<u32>(SEGMENTS, 8) < IMAGE && load<u32>(SEGMENTS, 4) - load<u32>(SEGMENTS) == 2;
}

/** Finds the segments of a list of parts. */
function parts(at: usize): usize {
  segmentsEnd = SEGMENTS;
  if (load<u8>(at) != 0x5b) return 0;
  at = blanks(at + 1);
  if (load<u8>(at) == 0x5d) return at + 1;
  while (true) {
    if (load<u8>(at) != 0x7b) return 0;
    at = blanks(at + 1);
    let typeStart: usize = 0;
    let typeEnd: usize = 0;
    let textStart: usize = 0;
    let textEnd: usize = 0;
    let textForm = PLAIN;
    let uriStart: usize = 0;
    let uriEnd: usize = 0;
    let uriForm = PLAIN;
    urlStart = 0;
    let runStart: usize = 0;
    let runEnd: usize = 0;
    let run: u32 = IN_PART;
    while (true) {
      const again = passRun(at, IN_PART);
      if (again != 0) {
        at = again;
        if (runHas & HAS_TEXT) textStart = 0;
        if (runHas & HAS_URI) uriStart = 0;
        // What comes is no part of a run before it: `run` does not tell what is in this one.
        runStart = 0;
        run = IN_PART;
      } else {
        const begin = at;
        const key = at + 1;
        at = plainKey(at);
        if (at == 0) return 0;
        const keyLength = at - key - 1;
        at = colon(at);
        if (at == 0) return 0;
        const start = at;
        const isString = load<u8>(at) == 0x22;
        let isRun = false;
        if (isImageUrl(key, keyLength)) {
          if (load<u8>(at) == 0x7b) at = imageUrl(at);
          else {
            urlStart = 0;
            if (load<u8>(at) != 0x6e) return 0;
            at = scalar(at);
          }
        } else {
          if (isString) at = string(at + 1);
          else if (load<u32>(at) == NULL) {
            at += 4;
            isRun = true;
          } else at = skip(at);
          if (isType(key, keyLength)) {
            if (!isString || form != PLAIN) return 0;
            typeStart = start;
            typeEnd = at;
          } else if (isText(key, keyLength)) {
            textStart = isString ? start : 0;
            textEnd = at;
            textForm = form;
            if (isRun) run |= HAS_TEXT;
          } else if (isUri(key, keyLength)) {
            uriStart = isString ? start : 0;
            uriEnd = at;
            uriForm = form;
            if (isRun) run |= HAS_URI;
          }
        }
        if (at == 0) return 0;
        if (isRun) {
          if (runStart == 0) runStart = begin;
          runEnd = at;
        } else if (runStart != 0) {
          keepRun(runStart, runEnd, run);
          runStart = 0;
          run = IN_PART;
        }
      }
      at = blanks(at);
      const after = load<u8>(at);
      at = blanks(at + 1);
      if (after == 0x2c) continue;
      if (after != 0x7d) return 0;
      break;
    }
    if (runStart != 0) keepRun(runStart, runEnd, run);
    if (typeStart == 0) return 0;
    const type = typeStart + 1;
    const typeLength = typeEnd - typeStart - 2;
    if (isText(type, typeLength)) {
      if (textStart != 0) addSegment(textStart, textEnd, textForm);
    } else if (isImage(type, typeLength)) {
      // Other places in which an image may stand are rare.
      if (uriStart == 0 || load<u32>(uriStart, 1) != 0x61746164 || load<u8>(uriStart, 5) != 0x3a) return 0;
      addSegment(uriStart, uriEnd, uriForm | IMAGE);
    } else if (isImageUrl(type, typeLength)) {
      if (urlStart == 0 || urlEnd - urlStart == 2) return 0;
      addSegment(urlStart, urlEnd, urlForm | IMAGE);
    }
    if (segmentsEnd == SEGMENTS + 12 * MOST_SEGMENTS) return 0;
    const after = load<u8>(at);
    at = blanks(at + 1);
    if (after == 0x2c) continue;
    return after == 0x5d ? at : 0;
  }
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function addSegment(start: usize, end: usize, kind: u32): void {
  store<u32>(segmentsEnd, start as u32);
  store<u32>(segmentsEnd, end as u32, 4);
  store<u32>(segmentsEnd, kind, 8);
  segmentsEnd += 12;
}

/** Of the object that `imageUrl` passed last; 0 where it has no text of this name. */
let urlStart: usize = 0;
let urlEnd: usize = 0;
let urlForm: u32 = PLAIN;

function imageUrl(at: usize): usize {
  urlStart = 0;
  at = blanks(at + 1);
  if (load<u8>(at) == 0x7d) return at + 1;
  while (true) {
    const key = at + 1;
    at = plainKey(at);
    if (at == 0) return 0;
    const keyLength = at - key - 1;
    at = colon(at);
    if (at == 0) return 0;
    const start = at;
    const isString = load<u8>(at) == 0x22;
    at = isString ? string(at + 1) : skip(at);
    if (at == 0) return 0;
    if (isUrl(key, keyLength)) {
      urlStart = isString ? start : 0;
      urlEnd = at;
      urlForm = form;
    }
    at = blanks(at);
    const after = load<u8>(at++);
    if (after == 0x7d) return at;
    if (after != 0x2c) return 0;
    at = blanks(at);
  }
}

/** Writes the segments up to an address, and tells whether one is an image. */
function content(end: usize): bool {
  if (end == SEGMENTS + 12 && load<u32>(SEGMENTS, 8) < IMAGE) {
    write(load<u32>(SEGMENTS), load<u32>(SEGMENTS, 4), load<u32>(SEGMENTS, 8));
    return false;
  }
  let hasImage = false;
  store<u8>(out++, 0x5b);
  for (let segment = SEGMENTS; segment < end; segment += 12) {
    if (segment != SEGMENTS) put2(0x202c);
    const kind = load<u32>(segment, 8);
    const isImage = kind >= IMAGE;
    if (isImage) put(IMAGE_SEGMENT, IMAGE_SEGMENT_LENGTH);
    else put(TEXT_SEGMENT, TEXT_SEGMENT_LENGTH);
    write(load<u32>(segment), load<u32>(segment, 4), kind & 3);
    store<u8>(out++, 0x7d);
    if (isImage) {
      store<u8>(out++, 0x7d);
      hasImage = true;
    }
  }
  store<u8>(out++, 0x5d);
  return hasImage;
}

// ---- the reply ----

/** Whether a string that begins so, behind its quote, is no JSON for certain, and not blank. */
function isSpeech(at: usize): bool {
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
function isEmptyList(start: usize, end: usize): bool {
  return load<u8>(start) == 0x6e || (load<u8>(start) == 0x5b && blanks(start + 1) == end - 1);
}

/** Writes the reply of a complete response whose tool calls are in the form that chat completions have. */
function respond(start: usize, end: usize, hasCalls: bool): i32 {
  const speechEnd = decode(start + 1, end - 1);
  if (speechEnd == 0) return REPLY_LEFT;
  v128.store(speechEnd, i64x2.splat(0));
  saidStart = 0;
  callsFound = TOOL_CALLS;
  hasMessage = false;
  const after = response(SPEECH);
  if (after == 0 || blanks(after) != speechEnd || !hasMessage) return REPLY_LEFT;
  if (callsFound == TOOL_CALLS && (hasCalls || saidStart == 0)) return REPLY_LEFT;
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
  return WRITTEN;
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

// ---- the keys that count

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isInputMessages(at: usize, length: usize): bool {
  return length == 14 && load<u64>(at) == 0x656d5f7475706e69 && load<u64>(at, 6) == 0x736567617373656d;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isOutputText(at: usize, length: usize): bool {
  return length == 11 && load<u64>(at) == 0x745f74757074756f && load<u64>(at, 3) == 0x747865745f747570;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isOutputToolCalls(at: usize, length: usize): bool {
  return (
    length == 17 &&
    load<u64>(at) == 0x745f74757074756f &&
    load<u64>(at, 8) == 0x6c6c61635f6c6f6f &&
    load<u64>(at, 9) == 0x736c6c61635f6c6f
  );
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isRole(at: usize, length: usize): bool {
  return length == 4 && load<u32>(at) == 0x656c6f72;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isParts(at: usize, length: usize): bool {
  return length == 5 && load<u32>(at) == 0x74726170 && load<u32>(at, 1) == 0x73747261;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isType(at: usize, length: usize): bool {
  return length == 4 && load<u32>(at) == 0x65707974;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isText(at: usize, length: usize): bool {
  return length == 4 && load<u32>(at) == 0x74786574;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isUri(at: usize, length: usize): bool {
  return length == 3 && (load<u32>(at) & 0xffffff) == 0x697275;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isImage(at: usize, length: usize): bool {
  return length == 5 && load<u32>(at) == 0x67616d69 && load<u32>(at, 1) == 0x6567616d;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isImageUrl(at: usize, length: usize): bool {
  return length == 9 && load<u64>(at) == 0x72755f6567616d69 && load<u64>(at, 1) == 0x6c72755f6567616d;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isUrl(at: usize, length: usize): bool {
  return length == 3 && (load<u32>(at) & 0xffffff) == 0x6c7275;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isUser(at: usize, length: usize): bool {
  return length == 4 && load<u32>(at) == 0x72657375;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isChoices(at: usize, length: usize): bool {
  return length == 7 && load<u32>(at) == 0x696f6863 && load<u32>(at, 3) == 0x73656369;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isMessage(at: usize, length: usize): bool {
  return length == 7 && load<u32>(at) == 0x7373656d && load<u32>(at, 3) == 0x65676173;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isContent(at: usize, length: usize): bool {
  return length == 7 && load<u32>(at) == 0x746e6f63 && load<u32>(at, 3) == 0x746e6574;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isToolCalls(at: usize, length: usize): bool {
  return length == 10 && load<u64>(at) == 0x6c61635f6c6f6f74 && load<u64>(at, 2) == 0x736c6c61635f6c6f;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isId(at: usize, length: usize): bool {
  return length == 2 && load<u16>(at) == 0x6469;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isName(at: usize, length: usize): bool {
  return length == 4 && load<u32>(at) == 0x656d616e;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isFunction(at: usize, length: usize): bool {
  return length == 8 && load<u64>(at) == 0x6e6f6974636e7566;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isArguments(at: usize, length: usize): bool {
  return length == 9 && load<u64>(at) == 0x746e656d75677261 && load<u64>(at, 1) == 0x73746e656d756772;
}

// ---- what was passed before: in one record and the next much is the same, byte for byte, and so as right as it was ----

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
const SPREAD: u64 = 0x9e3779b97f4a7c15;

/** Of 16 bytes or more. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isEqual(one: usize, other: usize, length: usize): bool {
  const last = length - 16;
  for (let at: usize = 0; at < last; at += 16) {
    if (v128.any_true(v128.xor(v128.load(one + at), v128.load(other + at)))) return false;
  }
  return !v128.any_true(v128.xor(v128.load(one + last), v128.load(other + last)));
}

/** What is in the run that `passRun` passed last. */
let runHas: u32 = 0;

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function runSlot(at: usize, where: u32): usize {
  return RUNS + ((((load<u64>(at) + where) * SPREAD) >> RUN_SHIFT) as usize) * RUN_SLOT;
}

/** The address behind members that are null, if those from a key on are known; else 0. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function passRun(at: usize, where: u32): usize {
  const slot = runSlot(at, where);
  // Mostly the first key is another one.
  if (load<u64>(at) != load<u64>(slot, 16)) return 0;
  const length = load<u32>(slot) as usize;
  runHas = load<u32>(slot, 4);
  return length != 0 && (runHas & 3) == where && isEqual(at, slot + 16, length) ? at + length : 0;
}

function keepRun(start: usize, end: usize, has: u32): void {
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
function passValue(at: usize): usize {
  const slot = valueSlot(at);
  const length = load<u32>(slot) as usize;
  return length != 0 && isEqual(at, slot + 16, length) ? at + length : 0;
}

/** Keeps a value the second time that one of its length comes: most never come again. */
function keepValue(start: usize, end: usize): void {
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

// ---- passing values: each gives the address behind one, 0 for what is none or unusual ----

// null
const NULL: u32 = 0x6c6c756e;

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function blanks(at: usize): usize {
  while (load<u8>(at) == 0x20) at++;
  return at;
}

/** A key without escapes. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function plainKey(at: usize): usize {
  if (load<u8>(at) != 0x22) return 0;
  const end = string(at + 1);
  return form == PLAIN ? end : 0;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function colon(at: usize): usize {
  at = blanks(at);
  return load<u8>(at) == 0x3a ? blanks(at + 1) : 0;
}

function skip(at: usize): usize {
  let frame: usize = FRAMES;
  let begins: usize = BEGINS;
  let runStart: usize = 0;
  let runEnd: usize = 0;
  let isKey = false;
  while (true) {
    let isPassed = false;
    if (isKey) {
      const again = passRun(at, 0);
      if (again != 0) {
        at = again;
        isPassed = true;
      } else {
        const begin = at;
        at = key(at);
        if (at == 0) return 0;
        if (load<u32>(at) == NULL) {
          if (runStart == 0) runStart = begin;
          at += 4;
          runEnd = at;
          isPassed = true;
        }
      }
    }
    if (!isPassed) {
      if (runStart != 0) {
        keepRun(runStart, runEnd, 0);
        runStart = 0;
      }
      const byte = load<u8>(at);
      if (byte == 0x22) {
        at = string(at + 1);
        if (at == 0) return 0;
      } else if (byte == 0x7b || byte == 0x5b) {
        // Both brackets close two characters after they open.
        const close: u8 = byte + 2;
        const inside = blanks(at + 1);
        if (load<u8>(inside) == close) at = inside + 1;
        else {
          const again = passValue(at);
          if (again != 0) at = again;
          else {
            if (frame == FRAMES + MOST_DEPTH) return 0;
            store<u8>(frame++, close);
            store<u32>(begins, at as u32);
            begins += 4;
            at = inside;
            isKey = close == 0x7d;
            continue;
          }
        }
      } else {
        at = scalar(at);
        if (at == 0) return 0;
      }
    }
    while (true) {
      if (frame == FRAMES) return at;
      at = blanks(at);
      const close = load<u8>(frame - 1);
      const after = load<u8>(at++);
      if (after == 0x2c) {
        at = blanks(at);
        isKey = close == 0x7d;
        break;
      }
      if (after != close) return 0;
      if (runStart != 0) {
        keepRun(runStart, runEnd, 0);
        runStart = 0;
      }
      frame--;
      begins -= 4;
      keepValue(load<u32>(begins), at);
    }
  }
}

/** A key, and the colon behind it. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function key(at: usize): usize {
  at = plainKey(at);
  return at == 0 ? 0 : colon(at);
}

/** Which bytes end a string, or are in none as they stand. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function specialIn(bytes: v128): v128 {
  const ends = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c)));
  return v128.or(ends, i8x16.lt_u(bytes, i8x16.splat(0x20)));
}

/** Whether a character behind a backslash makes an escape that may stay as it is: one of " \\ b f n r t. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isKept(kind: u32): bool {
  // From the backslash on a bit each.
  const place = kind - 0x5c;
  return kind == 0x22 || (place < 32 && ((0x1440441 >> place) & 1) != 0);
}

/** A string from behind the quote that begins it. */
function string(at: usize): usize {
  const special = i8x16.bitmask(specialIn(v128.load(at)));
  if (special != 0) {
    const end = at + (ctz(special) as usize);
    const byte = load<u8>(end);
    if (byte == 0x22) {
      form = PLAIN;
      return end + 1;
    }
    if (byte != 0x5c) return 0;
  }
  // It may have come before: most of a request is also in what the record says of it.
  const mixed = (load<u64>(at) * SPREAD) ^ load<u64>(at, 8);
  const slot = STRINGS + (((mixed * SPREAD) >> STRING_SHIFT) as usize) * 16;
  if (load<u32>(slot, 12) == records) {
    const other = load<u32>(slot) as usize;
    const length = (load<u32>(slot, 4) as usize) - other;
    if (isEqual(at, other, length)) {
      form = load<u32>(slot, 8);
      return at + length;
    }
  }
  return longString(at, slot);
}

function longString(at: usize, slot: usize): usize {
  const start = at;
  let found = PLAIN;
  while (true) {
    const a = specialIn(v128.load(at));
    const b = specialIn(v128.load(at, 16));
    const c = specialIn(v128.load(at, 32));
    const d = specialIn(v128.load(at, 48));
    if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
      let special: u64 =
        (i8x16.bitmask(a) as u64) |
        ((i8x16.bitmask(b) as u64) << 16) |
        ((i8x16.bitmask(c) as u64) << 32) |
        ((i8x16.bitmask(d) as u64) << 48);
      do {
        const place = ctz(special);
        const here = at + (place as usize);
        const byte = load<u8>(here);
        if (byte == 0x22) {
          form = found;
          if (here + 1 - start >= LEAST_STRING) {
            store<u32>(slot, start as u32);
            store<u32>(slot, (here + 1) as u32, 4);
            store<u32>(slot, found, 8);
            store<u32>(slot, records, 12);
          }
          return here + 1;
        }
        if (byte != 0x5c) return 0;
        const kind = load<u8>(here, 1);
        if (isKept(kind)) {
          if (found == PLAIN) found = ESCAPED;
        } else {
          found = RECODED;
          if (kind == 0x75) {
            for (let hex = here + 2; hex < here + 6; hex++) if (!isHex(load<u8>(hex))) return 0;
          } else if (kind != 0x2f) return 0;
        }
        // What is escaped ends nothing, in the next 64 bytes either. Hexadecimal digits do not anyway.
        special &= ~((3 as u64) << place);
        if (place == 63) at++;
      } while (special != 0);
    }
    at += 64;
  }
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isDigit(byte: u8): bool {
  return byte - 0x30 < 10;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isHex(byte: u8): bool {
  return isDigit(byte) || (byte | 0x20) - 0x61 < 6;
}

/** A word or a number. */
function scalar(at: usize): usize {
  const four = load<u32>(at);
  if (four == 0x6c6c756e || four == 0x65757274) return at + 4; // null, true
  if (four == 0x736c6166) return load<u8>(at, 4) == 0x65 ? at + 5 : 0; // false
  if ((four & 0xffffff) == 0x4e614e) return at + 3; // NaN
  if (four == 0x69666e49) return load<u32>(at, 4) == 0x7974696e ? at + 8 : 0; // Infinity
  const start = at;
  if (load<u8>(at) == 0x2d) at++;
  if (load<u8>(at) == 0x30) at++;
  else at = digits(at);
  if (at != 0 && load<u8>(at) == 0x2e) at = digits(at + 1);
  if (at != 0 && (load<u8>(at) | 0x20) == 0x65) {
    at++;
    if (load<u8>(at) == 0x2b || load<u8>(at) == 0x2d) at++;
    at = digits(at);
  }
  return at - start > MOST_DIGITS ? 0 : at;
}

function digits(at: usize): usize {
  const start = at;
  while (isDigit(load<u8>(at))) at++;
  return at == start ? 0 : at;
}

// ---- writing ----

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function put2(two: u16): void {
  store<u16>(out, two);
  out += 2;
}

/** What is written behind the end is written over by what comes next. */
// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function put(from: usize, length: usize): void {
  for (let at: usize = 0; at < length; at += 16) v128.store(out + at, v128.load(from + at));
  out += length;
}

/** A string, its quotes included. */
function write(start: usize, end: usize, form: u32): void {
  if (form == RECODED) {
    recode(start, end);
    return;
  }
  const length = end - start;
  if (length > 256) {
    memory.copy(out, start, length);
    out += length;
  } else put(start, length);
}

/** A string as `JSON.stringify` writes it. It gets no longer. */
function recode(at: usize, end: usize): void {
  const backslash = i8x16.splat(0x5c);
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(out, bytes);
    const mask = i8x16.bitmask(i8x16.eq(bytes, backslash));
    let count: usize = mask == 0 ? 16 : (ctz(mask) as usize);
    if (count >= end - at) {
      out += end - at;
      return;
    }
    at += count;
    out += count;
    if (mask == 0) continue;
    const kind = load<u8>(at, 1);
    if (kind == 0x75) {
      const unit = unitAt(at + 2);
      if (isHigh(unit) && load<u16>(at, 6) == 0x755c && isLow(unitAt(at + 8))) {
        out = utf8(out, pair(unit, unitAt(at + 8)));
        at += 12;
      } else {
        if ((unit & 0xf800) == 0xd800) putUnit(unit);
        else if (unit < 0x20) putControl(unit);
        else if (unit == 0x22) put2(0x225c);
        else if (unit == 0x5c) put2(0x5c5c);
        else out = utf8(out, unit);
        at += 6;
      }
    } else {
      if (kind == 0x2f) store<u8>(out++, kind);
      else put2(load<u16>(at));
      at += 2;
    }
  }
}

/** A control character. */
function putControl(unit: u32): void {
  if (unit == 8) put2(0x625c);
  else if (unit == 9) put2(0x745c);
  else if (unit == 10) put2(0x6e5c);
  else if (unit == 12) put2(0x665c);
  else if (unit == 13) put2(0x725c);
  else putUnit(unit);
}

/** A UTF-16 unit as an escape. */
function putUnit(unit: u32): void {
  put2(0x755c);
  for (let shift = 12; shift >= 0; shift -= 4) {
    const digit = ((unit >> shift) & 15) as u8;
    store<u8>(out++, digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
}

/** Writes what a string says to `SPEECH`, and gives its end; 0 where half of a surrogate pair is missing. */
function decode(at: usize, end: usize): usize {
  const backslash = i8x16.splat(0x5c);
  let to: usize = SPEECH;
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(to, bytes);
    const mask = i8x16.bitmask(i8x16.eq(bytes, backslash));
    let count: usize = mask == 0 ? 16 : (ctz(mask) as usize);
    if (count >= end - at) return to + (end - at);
    at += count;
    to += count;
    if (mask == 0) continue;
    const kind = load<u8>(at, 1);
    at += 2;
    if (kind == 0x75) {
      const unit = unitAt(at);
      at += 4;
      if ((unit & 0xf800) == 0xd800) {
        if (!isHigh(unit) || load<u16>(at) != 0x755c || !isLow(unitAt(at + 2))) return 0;
        to = utf8(to, pair(unit, unitAt(at + 2)));
        at += 6;
      } else {
        to = utf8(to, unit);
      }
    } else {
      let byte = kind;
      if (kind == 0x6e) byte = 10;
      else if (kind == 0x74) byte = 9;
      else if (kind == 0x72) byte = 13;
      else if (kind == 0x62) byte = 8;
      else if (kind == 0x66) byte = 12;
      store<u8>(to++, byte);
    }
  }
  return to;
}

/** The number that four hex digits are. */
function unitAt(at: usize): u32 {
  let unit: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const byte = load<u8>(at + i);
    unit = (unit << 4) | (isDigit(byte) ? byte - 0x30 : (byte | 0x20) - 0x57);
  }
  return unit;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isHigh(unit: u32): bool {
  return (unit & 0xfc00) == 0xd800;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function isLow(unit: u32): bool {
  return (unit & 0xfc00) == 0xdc00;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
function pair(high: u32, low: u32): u32 {
  return 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
}

/** Writes a character and gives the address behind it. */
function utf8(to: usize, code: u32): usize {
  if (code < 0x80) {
    store<u8>(to, code as u8);
    return to + 1;
  }
  if (code < 0x800) {
    store<u8>(to, (0xc0 | (code >> 6)) as u8);
    store<u8>(to, (0x80 | (code & 63)) as u8, 1);
    return to + 2;
  }
  if (code < 0x10000) {
    store<u8>(to, (0xe0 | (code >> 12)) as u8);
    store<u8>(to, (0x80 | ((code >> 6) & 63)) as u8, 1);
    store<u8>(to, (0x80 | (code & 63)) as u8, 2);
    return to + 3;
  }
  store<u8>(to, (0xf0 | (code >> 18)) as u8);
  store<u8>(to, (0x80 | ((code >> 12) & 63)) as u8, 1);
  store<u8>(to, (0x80 | ((code >> 6) & 63)) as u8, 2);
  store<u8>(to, (0x80 | (code & 63)) as u8, 3);
  return to + 4;
}
