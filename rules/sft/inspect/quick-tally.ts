import { CanonicalKernel, EACH, type RowPath } from '../../lib/chat/canonical-kernel.js';
import { CanonicalRows } from '../../lib/chat/canonical-rows.js';
import { type DataImage, dataImage, headImage, URL_HEAD } from '../../lib/chat/image-size.js';
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

/** A string that was visited. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** Counts the rows of a text that is read by places: the same as `Tally.addRow` of each that is told of. */
export class QuickTally {
  readonly rows: CanonicalRows;
  private role: string | undefined;
  /** Of the message at hand: the lengths of its texts, and its images. */
  private characters: number[] = [];
  private images: Place[] = [];
  /** Of the segment at hand. */
  private isText = false;
  private isImage = false;
  private text: Place | undefined;
  private url: Place | undefined;
  /** Of the call at hand. */
  private call: Place | undefined;
  private callLength = 0;

  /** @param kernel `null` to do without. */
  constructor(
    private readonly tally: Tally,
    kernel = CanonicalKernel.get(),
  ) {
    this.rows = new CanonicalRows([...Object.values(PATHS), ...METADATA], kernel);
  }

  /** Counts the row at hand. */
  addRow(): void {
    const { rows, tally } = this;
    rows.each((path, start, end) => {
      const name = NAMES[path];
      if (name !== undefined) this.visit(name, start, end);
    });
    tally.addMetadata((path) => rows.value(NAMES.length + METADATA_PATHS.indexOf(path)));
  }

  private visit(name: Name, start: number, end: number): void {
    const { rows } = this;
    const place = rows.isString(start) ? { start, end } : undefined;
    switch (name) {
      case 'role':
        this.role = place && rows.string(start, end);
        return;
      case 'content':
        if (place !== undefined) this.characters.push(rows.stringLength(start, end));
        return;
      case 'type':
        this.isText = rows.is(start, end, '"text"');
        this.isImage = rows.is(start, end, '"image_url"');
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
          this.characters.push(rows.stringLength(this.text.start, this.text.end));
        if (this.isImage && this.url !== undefined) this.images.push(this.url);
        this.isText = this.isImage = false;
        this.text = this.url = undefined;
        return;
      case 'name':
        this.call = place;
        this.callLength += place === undefined ? 0 : rows.stringLength(start, end);
        return;
      case 'arguments':
        this.callLength += place === undefined ? 0 : rows.stringLength(start, end);
        return;
      case 'call':
        this.tally.count('calls', this.call === undefined ? 'unknown' : rows.string(this.call.start, this.call.end));
        this.characters.push(this.callLength);
        this.call = undefined;
        this.callLength = 0;
        return;
      case 'message':
        if (rows.isObject(start)) this.addMessage(this.role ?? 'unknown');
        this.role = undefined;
        this.characters = [];
        this.images = [];
        return;
      default:
        return name satisfies never;
    }
  }

  private addMessage(role: string): void {
    const { tally } = this;
    tally.count('roles', role);
    for (const characters of this.characters) tally.count('characters', role, characters);
    for (const { start, end } of this.images) {
      tally.count('image roles', role);
      tally.countImage(this.imageAt(start, end));
    }
  }

  private imageAt(start: number, end: number): DataImage | undefined {
    const { rows } = this;
    const length = end - start - 2;
    const isAscii = rows.stringLength(start, end) === length;
    const head = rows.asciiHead(start, Math.min(length, URL_HEAD));
    const image = isAscii ? headImage(head, rows.asciiHead(end - 4, 2), length) : undefined;
    // Only its size may follow from what the head does not have.
    return image?.size === undefined ? dataImage(rows.string(start, end)) : image;
  }
}
