import { createHash } from 'node:crypto';
import { CanonicalKernel } from '../../lib/chat/canonical-kernel.js';
import { CanonicalRows } from '../../lib/chat/canonical-rows.js';
import { jsonText } from '../../lib/chat/json-text.js';
import { imageUrls, memberAt, readMembers } from '../../lib/chat/row.js';
import { eachImage, IMAGE_PATHS } from '../../lib/chat/row-images.js';
import type { DropReason } from './keep.js';
import type { FilterParams } from './params.js';

type AcrossParams = Pick<FilterParams, 'dedupe' | 'max_per_session'>;

/** Drops rows for what came before them, over all sessions and blocks. */
export class AcrossRows {
  private readonly seen = new Set<string>();
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
    const digest = shortDigest(text);
    if (this.seen.has(digest)) return true;
    this.seen.add(digest);
    return false;
  }
}

/** Stands for a text in memory: 16 bytes of its SHA-256. */
function shortDigest(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('binary').slice(0, 16);
}

/** What of a row is compared with those of others. */
export interface ComparedRow {
  readonly line: Buffer;
  /** The session that it says, as `jsonText`. */
  session(): string | undefined;
  /** The URLs of its images, as JSON text; undefined where it has none. */
  images(): string | undefined;
}

const SESSION = 'metadata.session_id';

/** Some kept rows, in order. Each is valid until the next is asked for, and no other rows are read in between. */
export function* comparedRows(lines: readonly string[], kernel = CanonicalKernel.get()): Generator<ComparedRow> {
  const rows = new CanonicalRows([SESSION.split('.'), ...IMAGE_PATHS], kernel);
  const bytes = Buffer.from(lines.join('\n'));
  rows.open(bytes);
  let at = 0;
  for (const text of lines) {
    const feed = lines.length === 1 ? -1 : bytes.indexOf('\n', at);
    const line = bytes.subarray(at, feed < 0 ? bytes.length : feed);
    yield rows.at(at) ? quickRow(rows, line, bytes) : readRow(text, line);
    at += line.length + 1;
  }
}

function quickRow(rows: CanonicalRows, line: Buffer, bytes: Buffer): ComparedRow {
  return {
    line,
    session: () => rows.jsonText(0),
    images() {
      // A URL stands there as `JSON.stringify` writes it.
      const urls: string[] = [];
      eachImage(rows, 1, (start, end) => urls.push(bytes.toString('utf8', start, end)));
      return urls.length === 0 ? undefined : `[${urls.join(',')}]`;
    },
  };
}

function readRow(text: string, line: Buffer): ComparedRow {
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
      return urls.length === 0 ? undefined : JSON.stringify(urls);
    },
  };
}
