import type { JsonObject } from 'vlmbuild';
import type { Writable } from '../../lib/chat/json-text.js';
import type { Counter, Tally } from './tally.js';
import { AS_OF, tokenEstimates } from './tokens.js';

/** What became of the exported rows, where that can be told. */
export interface Funnel {
  /** Lines of the export; undefined where it was not given. */
  readonly exported: number | undefined;
  /** Rejected rows by reason; undefined where they were not given. */
  readonly rejected: ReadonlyMap<string, number> | undefined;
}

/** Counts of everything. Those by name are maps, in byte order: an object would have names like `7` in front. */
export type Summary = Readonly<Record<string, Writable>>;

export function summaryOf(tally: Tally, { exported, rejected }: Funnel): Summary {
  const rows = tally.of('lines').get('row') ?? 0;
  const sizes = Array.from(tally.of('images'), ([name, count]) => {
    const [, width, height] = /^\w+ (\d+)x(\d+)$/.exec(name) ?? [];
    return { width: Number(width ?? 0), height: Number(height ?? 0), count };
  });
  const sized = sizes.filter(({ width }) => width > 0);
  const images = tally.sum('images');
  const sessions = [...tally.sessions.values()];
  return {
    rows,
    unreadable: sorted(new Map([...tally.of('lines')].filter(([what]) => what !== 'row'))),
    sessions: { count: sessions.length, rows: spread(sessions.map((session) => session.rows)) },
    turns: spread(sessions.filter(({ last }) => last >= 0).map(({ last }) => last + 1)),
    messages: { count: tally.sum('roles'), roles: counted(tally, 'roles') },
    text: { characters: tally.sum('characters'), roles: counted(tally, 'characters') },
    images: {
      count: images,
      bytes: tally.sum('image bytes'),
      sizes: counted(tally, 'images'),
      roles: counted(tally, 'image roles'),
      unknown_size: images - sized.reduce((sum, { count }) => sum + count, 0),
    },
    tool_calls: { count: tally.sum('calls'), names: counted(tally, 'calls') },
    models: counted(tally, 'models'),
    achievements: { new_unique: counted(tally, 'new'), turned_true: counted(tally, 'turned') },
    tokens: { as_of: AS_OF, families: tokenEstimates(tally.sum('characters'), sized) },
    funnel: {
      ...(exported === undefined ? {} : { exported }),
      ...(rejected === undefined ? {} : { rejected: sorted(rejected) }),
      rows,
      ...(exported === undefined
        ? {}
        : { untold: exported - rows - [...(rejected?.values() ?? [])].reduce((sum, count) => sum + count, 0) }),
    },
  };
}

function counted(tally: Tally, counter: Counter): ReadonlyMap<string, number> {
  return sorted(tally.of(counter));
}

function sorted(counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...counts].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}

/** The least, the middle and the most of some numbers, and their sum. */
function spread(numbers: readonly number[]): JsonObject {
  const rising = numbers.toSorted((a, b) => a - b);
  const [least = 0] = rising;
  return {
    least,
    median: rising[rising.length >> 1] ?? 0,
    most: rising.at(-1) ?? 0,
    sum: rising.reduce((sum, number) => sum + number, 0),
  };
}
