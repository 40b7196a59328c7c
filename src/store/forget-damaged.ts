import type Sqlite from 'better-sqlite3';
import { Damage, parseRecord } from './record-text.js';
import type { OutputPathRow } from './records.js';
import { StatFolder } from './stat-folder.js';

type Values = readonly unknown[];

interface Table {
  readonly name: string;
  /** The columns that name the rows of which one is forgotten with the others. */
  readonly named: readonly string[];
  /** The columns that `check` is given after those of the name. */
  readonly told: readonly string[];
  /** @throws Damage, SyntaxError; false is damage too. */
  readonly check: (...values: Values) => boolean;
}

/** What in the index is sealed, or can be checked as it stands. */
const TABLES: readonly Table[] = [
  {
    name: 'actions',
    named: ['key'],
    told: ['record'],
    check: (key, record) => (parseRecord(record) as { key: unknown }).key === key,
  },
  { name: 'failures', named: ['target'], told: ['record'], check: (_, record) => parseRecord(record) !== undefined },
  {
    name: 'output_paths',
    named: ['path'],
    told: ['record', 'entries'],
    check: (_, record, entries) => !(parseRecord(record) as OutputPathRow)[1] || parseRecord(entries) !== undefined,
  },
  {
    name: 'parts',
    named: ['key'],
    told: ['record'],
    check: (key, record) =>
      Buffer.isBuffer(key) && (parseRecord(record) as Values)[0] === `sha256:${key.toString('hex')}`,
  },
  // A list with a gap would be another list.
  { name: 'part_lists', named: ['target'], told: ['ids'], check: (_, ids) => Array.isArray(JSON.parse(String(ids))) },
  {
    name: 'runs',
    named: ['id'],
    told: ['record'],
    check: (id, record) => (parseRecord(record) as { id: unknown }).id === id,
  },
  {
    name: 'stats',
    named: ['folder', 'block'],
    told: ['records'],
    check: (_folder, _block, records) => Buffer.isBuffer(records) && new StatFolder().decode(records),
  },
];

/**
 * Removes the records of an index that are not what was written, and gives how many there were. 0 also where more is wrong
 * with the file than that: then nothing of it can be believed. Reads all of it.
 */
export function forgetDamaged(database: Sqlite.Database): number {
  // Also finds names that do not agree with those by which rows are found: names have no seals.
  if (database.pragma('integrity_check(1)', { simple: true }) !== 'ok') return 0;
  const forget = database.transaction((): number => {
    let count = 0;
    for (const { name, named, told, check } of TABLES) {
      const damaged: Values[] = [];
      const rows = database
        .prepare(`SELECT ${[...named, ...told].join()} FROM ${name}`)
        .raw()
        .iterate();
      for (const row of rows as Iterable<Values>) if (!isWhole(check, row)) damaged.push(row.slice(0, named.length));
      const drop = database.prepare(
        `DELETE FROM ${name} WHERE ${named.map((column) => `${column} = ?`).join(' AND ')}`,
      );
      for (const values of damaged) drop.run(...values);
      count += damaged.length;
    }
    // They may tell of parts that are forgotten.
    if (count > 0) database.exec('UPDATE part_lists SET made = NULL');
    return count;
  });
  return forget.immediate();
}

function isWhole(check: Table['check'], row: Values): boolean {
  try {
    return check(...row);
  } catch (error) {
    if (error instanceof Damage || error instanceof SyntaxError) return false;
    throw error;
  }
}
