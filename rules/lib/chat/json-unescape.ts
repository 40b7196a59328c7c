import { LineWriter } from './line-writer.js';

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/**
 * The text that a JSON string is, which is known to be right, as UTF-8: of what stands between its quotes. Undefined where a
 * half of a surrogate pair is by itself: that is no UTF-8. Without escapes it is the bytes themselves.
 */
export function unescapedJson(inside: Buffer): Buffer | undefined {
  let at = inside.indexOf(BACKSLASH);
  if (at < 0) return inside;
  const writer = new LineWriter();
  writer.reserve(inside.length);
  let done = 0;
  for (; at >= 0; at = nextEscape(inside, done)) {
    writer.bytes(inside, done, at);
    const kind = inside[at + 1] as number;
    done = at + 2;
    if (kind !== LETTER_U) {
      writer.byte(CONTROLS.get(kind) ?? kind);
      continue;
    }
    let point = unitAt(inside, at + 2);
    done = at + 6;
    if ((point & 0xf800) === 0xd800) {
      const low = inside[done] === BACKSLASH && inside[done + 1] === LETTER_U ? unitAt(inside, done + 2) : 0;
      if (point >= 0xdc00 || (low & 0xfc00) !== 0xdc00) return undefined;
      point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
      done += 6;
    }
    if (point < 0x80) writer.byte(point);
    else writer.codePoint(point);
  }
  writer.bytes(inside, done, inside.length);
  return writer.line();
}

/** So far the next escape is looked for byte by byte: where there is one there are mostly more. */
const NEAR = 64;

function nextEscape(inside: Buffer, from: number): number {
  const near = Math.min(from + NEAR, inside.length);
  for (let at = from; at < near; at++) if (inside[at] === BACKSLASH) return at;
  return inside.indexOf(BACKSLASH, near);
}

function unitAt(inside: Buffer, at: number): number {
  return Number.parseInt(inside.toString('latin1', at, at + 4), 16);
}

const CONTROLS = new Map(['b\b', 'f\f', 'n\n', 'r\r', 't\t'].map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)]));
