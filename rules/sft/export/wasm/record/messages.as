/** What was sent: the messages of a record, found and written one after the other. */
import { isImage, isImageUrl, isParts, isRole, isText, isType, isUri, isUrl, isUser } from './keys';
import { HAS_TEXT, HAS_URI, IMAGE, IN_PART, MOST_SEGMENTS, PLAIN, SEGMENTS } from './layout';
import {
  CONTENT,
  CONTENT_LENGTH,
  IMAGE_SEGMENT,
  IMAGE_SEGMENT_LENGTH,
  ROLE,
  ROLE_LENGTH,
  TEXT_SEGMENT,
  TEXT_SEGMENT_LENGTH,
} from './literals';
import { keepRun, passRun, runHas } from './passed';
import { blanks, colon, form, NULL, plainKey, scalar, skip, string } from './values';
import { out, put, put2, write } from './writing';

/** Whether a message of a user has an image, of those written since `record` began. */
export let hasUserImage: bool = false;

/** Writes `[` and the messages of a list, without what closes it; nothing where no message says anything. */
export function inputMessages(at: usize): usize {
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
