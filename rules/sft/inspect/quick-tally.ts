import { EACH, type RowPath } from '../../lib/chat/canonical-kernel.js';
import type { RowPlaces } from '../../lib/chat/row-places.js';
import { type DataImage, headImage, LONG_URL_HEAD, URL_HEAD } from '../../lib/chat/image-size.js';
import { METADATA_PATHS, type Tally } from './tally.js';

const MESSAGE: RowPath = ['messages', EACH];
const SEGMENT: RowPath = [...MESSAGE, 'content', EACH];
const CALL: RowPath = [...MESSAGE, 'tool_calls', EACH];

/** What is counted of messages, by name; a value comes before what it is in. */
const PATHS = {
  message: MESSAGE,
  role: [...MESSAGE, 'role'],
  content: [...MESSAGE, 'content'],
  segment: SEGMENT,
  type: [...SEGMENT, 'type'],
  text: [...SEGMENT, 'text'],
  image: [...SEGMENT, 'image_url'],
  url: [...SEGMENT, 'image_url', 'url'],
  call: CALL,
  name: [...CALL, 'function', 'name'],
  arguments: [...CALL, 'function', 'arguments'],
} as const satisfies Readonly<Record<string, RowPath>>;
type Name = keyof typeof PATHS;
const NAMES = Object.keys(PATHS) as Name[];
const METADATA = METADATA_PATHS.map((path): RowPath => ['metadata', ...path.split('.')]);
/** All that is counted of row. */
export const ROW_PATHS: readonly RowPath[] = [...Object.values(PATHS), ...METADATA];

/** A string that was visited. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** Counts rows by places. */
export class QuickTally {
  private role: string | undefined;
  /** Of the message at hand: how long its texts are together, if it has any, and its images. */
  private characters: number | undefined;
  private images: Place[] = [];
  /** Of the segment at hand. */
  private isText = false;
  private isImage = false;
  private text: Place | undefined;
  private url: Place | undefined;
  /** Of the call at hand. */
  private call: Place | undefined;
  private callLength = 0;

  constructor(private readonly tally: Tally) {}

  /** @param row with `ROW_PATHS`. */
  addRow(row: RowPlaces): void {
    row.each((path, start, end) => {
      const name = NAMES[path];
      if (name !== undefined) this.visit(row, name, start, end);
    });
    this.tally.addMetadata((path) => row.value(NAMES.length + METADATA_PATHS.indexOf(path)));
  }

  private visit(row: RowPlaces, name: Name, start: number, end: number): void {
    const place = row.isString(start) ? { start, end } : undefined;
    switch (name) {
      case 'role':
        this.role = place && row.string(start, end);
        return;
      case 'content':
        if (place !== undefined) this.addCharacters(row.stringLength(start, end));
        return;
      case 'type':
        this.isText = row.is(start, end, '"text"');
        this.isImage = row.is(start, end, '"image_url"');
        return;
      case 'text':
        this.text = place;
        return;
      case 'image':
      case 'url':
        this.url ??= place;
        return;
      case 'segment':
        if (this.isText && this.text !== undefined)
          this.addCharacters(row.stringLength(this.text.start, this.text.end));
        if (this.isImage && this.url !== undefined) this.images.push(this.url);
        this.isText = this.isImage = false;
        this.text = this.url = undefined;
        return;
      case 'name':
        this.call = place;
        this.callLength += place === undefined ? 0 : row.stringLength(start, end);
        return;
      case 'arguments':
        this.callLength += place === undefined ? 0 : row.stringLength(start, end);
        return;
      case 'call':
        this.tally.count('calls', this.call === undefined ? 'unknown' : row.string(this.call.start, this.call.end));
        this.addCharacters(this.callLength);
        this.call = undefined;
        this.callLength = 0;
        return;
      case 'message':
        if (row.isObject(start)) this.addMessage(row, this.role ?? 'unknown');
        this.role = undefined;
        this.characters = undefined;
        this.images = [];
        return;
      default:
        return name satisfies never;
    }
  }

  private addCharacters(count: number): void {
    this.characters = (this.characters ?? 0) + count;
  }

  private addMessage(row: RowPlaces, role: string): void {
    const { tally } = this;
    tally.count('roles', role);
    if (this.characters !== undefined) tally.count('characters', role, this.characters);
    for (const { start, end } of this.images) {
      tally.count('image roles', role);
      tally.countImage(imageAt(row, start, end));
    }
  }
}

/** What the URL from an index up to another says: of most images the head of it tells all. */
function imageAt(row: RowPlaces, start: number, end: number): DataImage | undefined {
  const length = row.stringLength(start, end);
  const isAscii = length === end - start - 2;
  const last = row.asciiHead(end - 4, 2);
  const byHead = (most: number): DataImage | undefined => {
    const head = isAscii ? row.asciiHead(start, Math.min(length, most)) : row.head(start, end, most);
    return headImage(head, last, length);
  };
  const image = byHead(URL_HEAD);
  return image?.size === undefined && length > URL_HEAD ? byHead(LONG_URL_HEAD) : image;
}
