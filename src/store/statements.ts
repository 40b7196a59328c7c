import type Sqlite from 'better-sqlite3';

/** The statements of an open database, by their SQL: prepared when first used, so that opening stays cheap. Rows are arrays. */
export class Statements {
  readonly #prepared = new Map<string, Sqlite.Statement>();

  constructor(private readonly database: Sqlite.Database) {}

  of(sql: string): Sqlite.Statement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      if (statement.reader) statement.raw();
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}
