import { createHash } from 'node:crypto';
import { CanonicalKernel } from '../../lib/chat/canonical-kernel.js';
import { CanonicalRows } from '../../lib/chat/canonical-rows.js';
import { jsonText } from '../../lib/chat/json-text.js';
import { imageUrls, memberAt, readMembers } from '../../lib/chat/row.js';
import { eachImage, IMAGE_PATHS } from '../../lib/chat/row-images.js';
import { DigestSet } from '../../lib/digest-set.js';
import type { DropReason } from './keep.js';
import type { FilterParams } from './params.js';

type AcrossParams = Pick<FilterParams, 'dedupe' | 'max_per_session'>;

/** Drops rows for what came before them, over all sessions and blocks. */
export class AcrossRows {
  private readonly seen = new DigestSet();
  private readonly perSession = new Map<string, number>();

  constructor(private readonly params: AcrossParams) {}

  /** Whether there is anything to look at across rows. */
  get isNeeded(): boolean {
    return this.params.dedupe !== undefined || this.params.max_per_session !== undefined;
  }

  /** Why the next kept row is dropped after all; undefined to keep it. */
  dropReason(row: ComparedRow): DropReason | undefined {
    const { dedupe, max_per_session: most } = this.params;
    if (dedupe === 'rows' && this.isSeen(row.line)) return 'duplicate row';
    if (dedupe === 'images') {
      const images = row.images();
      if (images !== undefined && this.isSeen(images)) return 'duplicate images';
    }
    const session = most === undefined ? undefined : row.session();
    if (most === undefined || session === undefined) return undefined;
    const name = shortDigest(session);
    const before = this.perSession.get(name) ?? 0;
    if (before >= most) return 'enough rows of its session';
    this.perSession.set(name, before + 1);
    return undefined;
  }

  private isSeen(text: string | Buffer): boolean {
    return !this.seen.add(digestOf(text));
  }
}

/** UTF-16 units that are hashed at once: as a whole, a long text would be held as bytes too. */
const PIECE = 1 << 20;

/** Stands for a text in memory: 16 bytes of its SHA-256. */
function shortDigest(text: string | Buffer): string {
  return digestOf(text).toString('latin1', 0, 16);
}

function digestOf(text: string | Buffer): Buffer {
  const hash = createHash('sha256');
  for (let start = 0; start < text.length;) {
    let end = start + PIECE;
    // Both halves of a pair.
    if (typeof text === 'string' && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end++;
    hash.update(typeof text === 'string' ? text.slice(start, end) : text.subarray(start, end));
    start = end;
  }
  return hash.digest();
}

/** What of a row is compared with those of others. */
export interface ComparedRow {
  readonly line: string | Buffer;
  /** The session that it says, as `jsonText`. */
  session(): string | undefined;
  /** Stands for the URLs of its images; undefined where it has none. */
  images(): string | undefined;
}

const SESSION = 'metadata.session_id';

/** Some kept rows, in order. Each is valid until the next is asked for, and no other rows are read in between. */
export function* comparedRows(lines: readonly string[], kernel = CanonicalKernel.get()): Generator<ComparedRow> {
  const last = lines.at(-1) ?? '';
  // What is too long for the kernel is not held as bytes too.
  if (last.length > (kernel?.room.length ?? 0)) {
    if (lines.length > 1) yield* comparedRows(lines.slice(0, -1), kernel);
    yield readRow(last, last);
    return;
  }
  const rows = new CanonicalRows([SESSION.split('.'), ...IMAGE_PATHS], kernel);
  const bytes = bytesOf(lines.join('\n'), kernel?.room);
  rows.open(bytes);
  let at = 0;
  for (const text of lines) {
    const feed = lines.length === 1 ? -1 : bytes.indexOf('\n', at);
    const line = bytes.subarray(at, feed < 0 ? bytes.length : feed);
    yield rows.at(at) ? quickRow(rows, line, bytes) : readRow(text, line);
    at += line.length + 1;
  }
}

/** @param room is written to where the text surely fits: what is not allocated anew for all rows is not to be collected. */
function bytesOf(text: string, room: Buffer = Buffer.alloc(0)): Buffer {
  return 3 * text.length <= room.length ? room.subarray(0, room.write(text)) : Buffer.from(text);
}

function quickRow(rows: CanonicalRows, line: Buffer, bytes: Buffer): ComparedRow {
  return {
    line,
    session: () => rows.jsonText(0),
    images() {
      let urls = '';
      eachImage(rows, 1, (start, end) => (urls += shortDigest(bytes.subarray(start + 1, end - 1))));
      return urls === '' ? undefined : urls;
    },
  };
}

function readRow(text: string, line: string | Buffer): ComparedRow {
  const members = (key: string) => {
    const row = readMembers(text, [key]);
    if (typeof row === 'string') throw new Error(`a kept row is ${row}`);
    return row;
  };
  return {
    line,
    session() {
      const session = memberAt(members('metadata'), SESSION);
      return session === undefined ? undefined : jsonText(session);
    },
    images() {
      const urls = imageUrls(members('messages').get('messages'));
      return urls.length === 0 ? undefined : urls.map((url) => shortDigest(jsonInside(url))).join('');
    },
  };
}

/** A text as it stands between quotes. A long one is hardly ever another there. */
function jsonInside(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are written as escapes
  return /["\\\u0000-\u001f\ud800-\udfff]/.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}
