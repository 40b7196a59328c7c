/** What the head of an image file says. */
export interface ImageSize {
  readonly format: 'png' | 'jpeg' | 'webp' | 'gif' | 'bmp';
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

export interface DataImage {
  /** Of the file, without the base64 around it. */
  readonly bytes: number;
  /** Undefined for what is none of these formats, or is cut before it says its size. */
  readonly size: ImageSize | undefined;
}

/** Bytes of a file: enough for a PNG; for all but a JPEG with large metadata before the picture; and for that. */
const PNG_HEAD = 48;
const HEAD = 3 << 10;
const LONG_HEAD = 3 << 18;
/** In base64, a PNG begins so. */
const PNG = 'iVBORw0KGgo';

/** So much of a URL, in characters, tells of most images what all of it would; and more than this is not asked. */
export const URL_HEAD = 256 + (HEAD / 3) * 4;
export const LONG_URL_HEAD = 256 + (LONG_HEAD / 3) * 4;

/**
 * An image in a base64 data URL, by the URL's head, last two characters and length; undefined for any other URL. Where a head
 * is not enough the size is undefined, or all that is told: then a longer one is to be asked.
 */
export function headImage(head: string, last: string, length: number): DataImage | undefined {
  const comma = head.startsWith('data:') ? head.indexOf(',') : -1;
  if (comma < 0 || !head.slice(0, comma).toLowerCase().endsWith(';base64')) return undefined;
  const base64 = length - comma - 1;
  const padding = last.endsWith('==') ? 2 : last.endsWith('=') ? 1 : 0;
  const sizeIn = (bytes: number) =>
    imageSize(Buffer.from(head.slice(comma + 1, comma + 1 + (bytes / 3) * 4), 'base64'));
  const size =
    (head.startsWith(PNG, comma + 1) ? sizeIn(PNG_HEAD) : undefined) ??
    sizeIn(HEAD) ??
    (base64 > (HEAD / 3) * 4 ? sizeIn(LONG_HEAD) : undefined);
  return { bytes: Math.floor((base64 * 3) / 4) - padding, size };
}

/** The format and size of an image by the first bytes of its file. */
export function imageSize(head: Buffer): ImageSize | undefined {
  try {
    return pngSize(head) ?? gifSize(head) ?? webpSize(head) ?? bmpSize(head) ?? jpegSize(head);
  } catch (error) {
    // The head ends too early.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Signature, then the chunk IHDR: width and height as big-endian 32 bits. PNG specification, section 11.2.1. */
function pngSize(head: Buffer): ImageSize | undefined {
  if (head.toString('latin1', 0, 16) !== '\x89PNG\r\n\x1a\n\0\0\0\rIHDR') return undefined;
  return { format: 'png', width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}

/** The logical screen: little-endian 16 bits. GIF89a specification, section 18. */
function gifSize(head: Buffer): ImageSize | undefined {
  if (!/^GIF8[79]a$/.test(head.toString('latin1', 0, 6))) return undefined;
  return { format: 'gif', width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
}

/** RIFF, then a lossy, lossless or extended chunk, each with a layout of its own. RFC 9649, sections 2.5 to 2.7. */
function webpSize(head: Buffer): ImageSize | undefined {
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WEBP') return undefined;
  const format = 'webp';
  switch (head.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { format, width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
    case 'VP8L': {
      const bits = head.readUInt32LE(21);
      return { format, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { format, width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}

/** 14 bytes, then a header of 12 bytes with 16 bits each, or a longer one with 32, where a height below zero is of rows from the top. */
function bmpSize(head: Buffer): ImageSize | undefined {
  if (head.toString('latin1', 0, 2) !== 'BM') return undefined;
  const format = 'bmp';
  if (head.readUInt32LE(14) === 12) return { format, width: head.readUInt16LE(18), height: head.readUInt16LE(20) };
  return { format, width: head.readInt32LE(18), height: Math.abs(head.readInt32LE(22)) };
}

/** Segments up to the frame header, whose marker is C0 to CF without C4, C8 and CC. ITU-T T.81, annex B. */
function jpegSize(head: Buffer): ImageSize | undefined {
  if (head.length < 2 || head.readUInt16BE(0) !== 0xffd8) return undefined;
  for (let at = 2; ; at += 2 + head.readUInt16BE(at + 2)) {
    while (head.readUInt8(at) === 0xff && head.readUInt8(at + 1) === 0xff) at++;
    if (head.readUInt8(at) !== 0xff) return undefined;
    const marker = head.readUInt8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)
      return { format: 'jpeg', width: head.readUInt16BE(at + 7), height: head.readUInt16BE(at + 5) };
  }
}
