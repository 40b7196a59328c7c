import type { Database } from 'better-sqlite3';

/** Whether a column of a table is its rowid, under whatever name. */
export function isRowidOf(database: Database, table: string, by: string): boolean {
  const isTable = database
    .prepare("SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ? AND type = 'table' AND wr = 0")
    .get(table);
  if (isTable === undefined) return false;
  const columns = database
    .prepare<[string], { name: string; type: string; pk: number }>('SELECT name, type, pk FROM pragma_table_xinfo(?)')
    .all(table);
  const name = by.toLowerCase();
  const column = columns.find((other) => other.name.toLowerCase() === name);
  if (column === undefined) return ['rowid', '_rowid_', 'oid'].includes(name);
  // SQLite keeps an index for any primary key that is not the rowid.
  const origins = database.prepare('SELECT origin FROM pragma_index_list(?)').pluck().all(table);
  return (
    column.pk > 0 &&
    column.type.toUpperCase() === 'INTEGER' &&
    columns.filter(({ pk }) => pk > 0).length === 1 &&
    !origins.includes('pk')
  );
}
