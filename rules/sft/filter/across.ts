import { createHash } from 'node:crypto';
import { CanonicalKernel, type RowPath } from '../../lib/chat/canonical-kernel.js';
import { CanonicalRows } from '../../lib/chat/canonical-rows.js';
import type { RowPlaces } from '../../lib/chat/row-places.js';
import { WalkedRow } from '../../lib/chat/walked-row.js';
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

/** Stands for bytes in memory: 16 bytes of their SHA-256. */
function shortDigest(bytes: string | Buffer): string {
  return digestOf(bytes).toString('latin1', 0, 16);
}

function digestOf(bytes: string | Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** What of a row is compared with those of others. */
export interface ComparedRow {
  readonly line: Buffer;
  /** The session that it says, as JSON. */
  session(): Buffer | undefined;
  /** Stands for the URLs of its images; undefined where it has none. */
  images(): string | undefined;
}

const PATHS: readonly RowPath[] = [['metadata', 'session_id'], ...IMAGE_PATHS];

/** Some kept rows, in order: whole lines. Each is valid until the next is asked for, and no other rows are read in between. */
export function* comparedRows(lines: Buffer, kernel = CanonicalKernel.get()): Generator<ComparedRow> {
  const rows = new CanonicalRows(PATHS, kernel);
  // Of what the kernel does not: for one, what is too long for it.
  const walked = new WalkedRow(PATHS);
  rows.open(lines);
  for (let at = 0; at < lines.length;) {
    const feed = lines.indexOf('\n', at);
    const end = feed < 0 ? lines.length : feed;
    const line = lines.subarray(at, end);
    yield rows.at(at) ? toldRow(rows, lines, line) : toldRow(walked.at(line), line, line);
    at = end + 1;
  }
}

/** @param bytes what `rows` tells of. */
function toldRow(rows: RowPlaces, bytes: Buffer, line: Buffer): ComparedRow {
  return {
    line,
    session: () => rows.bytes(0),
    images() {
      let urls = '';
      eachImage(rows, 1, (url, urlEnd) => (urls += shortDigest(bytes.subarray(url + 1, urlEnd - 1))));
      return urls === '' ? undefined : urls;
    },
  };
}
