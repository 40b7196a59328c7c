import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { canonicalJson } from '../base/canonical.js';
import { hexOf, sha256, type Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { storeErrors } from '../diagnostics/store.js';
import { lockFileSync, type FileLock } from './file-lock.js';
import { lockQuestion } from './question-lock.js';
import { sealOf } from './record-text.js';
import type { BracketRecord } from './records.js';
import { enterWal, explainSqlite, isCutShort, isDamage, openDatabase } from './sqlite.js';
import { Statements } from './statements.js';

/** Raised with every change of the schema. What an older format holds is taken over, always. */
const ANSWERS_FORMAT = 2;

const SCHEMA = `
  CREATE TABLE answers (
    rule TEXT NOT NULL, digest TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL,
    PRIMARY KEY (rule, digest)
  );
  CREATE TABLE brackets (
    rule TEXT NOT NULL, digest TEXT NOT NULL, question TEXT NOT NULL,
    PRIMARY KEY (rule, digest)
  );
  CREATE TABLE notes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, digest TEXT NOT NULL, note TEXT NOT NULL
  );
  CREATE INDEX notes_by_question ON notes (rule, digest, seq);
`;

/** Of the rule, the digest and the answer (or note): SQLite does not notice a byte that changed on the disk. */
const SEALS = `
  ALTER TABLE answers ADD COLUMN seal TEXT NOT NULL DEFAULT '';
  ALTER TABLE notes ADD COLUMN seal TEXT NOT NULL DEFAULT '';
`;

/**
 * Paid and unrepeatable replies, by the rule's name and the digest of the question. What a call wrote is on the disk when
 * it returns (fsynced), also for other processes. Nothing here is ever collected, and a damaged file never replaced.
 *
 * Brackets, around a remote step whose reply may be lost:
 *
 *     (none) --begin--> new --note--> new … --end--> answered
 *                        \--death of the process--> open --note--> open … --end--> answered
 *                                                     \--abandon--> new
 *
 * On disk `new` and `open` are one row: `begin` calls it new where it made it, and open where an earlier one did.
 */
export class Answers {
  readonly #path: string;
  readonly #database: Sqlite.Database;
  readonly #statements: Statements;

  private constructor(path: string, database: Sqlite.Database) {
    this.#path = path;
    this.#database = database;
    this.#statements = new Statements(database);
  }

  /** @throws UserFacingError where the file is damaged, of a newer format, or cannot be used. */
  static open(path: string): Answers {
    let database: Sqlite.Database | undefined;
    try {
      makeFile(path);
      if (statSync(path).size === 0 || isCutShort(path)) throw damaged(path, 'the file is cut short');
      database = openDatabase(path, { fileMustExist: true });
      prepare(database, path);
      return new Answers(path, database);
    } catch (error) {
      database?.close();
      throw explain(error, path);
    }
  }

  /**
   * Waits until no other process (or other caller in this one) asks the question, and keeps them waiting until the lock
   * is released or this process dies. Whoever waited finds the answer with `get`.
   *
   * @throws the signal's reason when it is aborted while waiting.
   */
  lock(rule: string, digest: Digest, signal: AbortSignal): Promise<FileLock> {
    const name = `once-${hexOf(sha256(`${rule} ${digest}`))}.lock`;
    return lockQuestion(join(dirname(this.#path), 'locks', name), signal);
  }

  get(rule: string, digest: Digest): Json | undefined {
    const row = this.#row('SELECT answer, seal FROM answers WHERE rule = ? AND digest = ?', rule, digest);
    return row === undefined ? undefined : this.#unsealed(rule, digest, row);
  }

  /**
   * Keeps an answer and returns the one that counts: where two processes asked the same at once, the first, unless
   * `replace` says to ask anew. `question` is kept for people.
   */
  put(rule: string, digest: Digest, question: Json, answer: Json, options: { readonly replace?: boolean } = {}): Json {
    return this.#transaction(() => {
      this.#run(
        `INSERT OR ${options.replace === true ? 'REPLACE' : 'IGNORE'} INTO answers VALUES (?, ?, ?, ?, ?)`,
        rule,
        digest,
        canonicalJson(question),
        ...sealed(rule, digest, answer),
      );
      return this.get(rule, digest) ?? answer;
    });
  }

  /**
   * Opens a bracket, or hands back what an earlier attempt left open, or what it was answered. With `again` an answer
   * does not count; it stays until `end` replaces it, and its notes are dropped.
   */
  begin(rule: string, digest: Digest, question: Json, options: { readonly again?: boolean } = {}): BracketRecord {
    return this.#transaction(() => {
      // One that does not count any more may be damaged.
      const isAnswered =
        this.#row('SELECT rule FROM answers WHERE rule = ? AND digest = ?', rule, digest) !== undefined;
      const isOpen = this.#isOpen(rule, digest);
      if (options.again === true && isAnswered && !isOpen)
        this.#run('DELETE FROM notes WHERE rule = ? AND digest = ?', rule, digest);
      const notes = this.notes(rule, digest);
      if (isAnswered && options.again !== true)
        return { status: 'answered', answer: this.get(rule, digest) ?? null, notes };
      if (isOpen) return { status: 'open', answer: null, notes };
      this.#run('INSERT INTO brackets VALUES (?, ?, ?)', rule, digest, canonicalJson(question));
      return { status: 'new', answer: null, notes };
    });
  }

  /** Oldest first. */
  notes(rule: string, digest: Digest): Json[] {
    return this.#rows('SELECT note, seal FROM notes WHERE rule = ? AND digest = ? ORDER BY seq', rule, digest).map(
      (row) => this.#unsealed(rule, digest, row),
    );
  }

  note(rule: string, digest: Digest, note: Json): void {
    this.#transaction(() => {
      this.#mustBeOpen(rule, digest);
      this.#run(
        'INSERT INTO notes (rule, digest, note, seal) VALUES (?, ?, ?, ?)',
        rule,
        digest,
        ...sealed(rule, digest, note),
      );
    });
  }

  /** The bracket's answer becomes the question's. Its notes stay, for people. */
  end(rule: string, digest: Digest, answer: Json): void {
    this.#transaction(() => {
      this.#mustBeOpen(rule, digest);
      this.#run(
        `INSERT OR REPLACE INTO answers
         SELECT rule, digest, question, ?, ? FROM brackets WHERE rule = ? AND digest = ?`,
        ...sealed(rule, digest, answer),
        rule,
        digest,
      );
      this.#run('DELETE FROM brackets WHERE rule = ? AND digest = ?', rule, digest);
    });
  }

  /** Drops the notes of an open bracket, which is as new then. */
  abandon(rule: string, digest: Digest): void {
    this.#transaction(() => {
      this.#mustBeOpen(rule, digest);
      this.#run('DELETE FROM notes WHERE rule = ? AND digest = ?', rule, digest);
    });
  }

  /** How many answers there are. */
  count(): number {
    return Number(this.#row('SELECT CAST(count(*) AS TEXT) FROM answers')?.[0] ?? 0);
  }

  /** How SQLite syncs commits; anything but `FULL` would break the promise of `put`. */
  durability(): 'FULL' | 'less' {
    return this.#database.pragma('synchronous', { simple: true }) === 2 ? 'FULL' : 'less';
  }

  close(): void {
    this.#database.close();
  }

  /** @throws UserFacingError where it is not what was written. */
  #unsealed(rule: string, digest: Digest, [text = '', seal]: readonly string[]): Json {
    if (seal !== sealOf(rule, digest, text))
      throw new UserFacingError(storeErrors.changedAnswer({ path: this.#path, rule }));
    return JSON.parse(text) as Json;
  }

  #isOpen(rule: string, digest: Digest): boolean {
    return this.#row('SELECT rule FROM brackets WHERE rule = ? AND digest = ?', rule, digest) !== undefined;
  }

  /** A bracket that was ended or never begun can take no notes: that is a bug of the caller's. */
  #mustBeOpen(rule: string, digest: Digest): void {
    if (!this.#isOpen(rule, digest)) throw new Error(`no open bracket of ${rule} for ${digest}`);
  }

  #row(sql: string, ...values: string[]): string[] | undefined {
    return this.#explained(() => this.#statements.of(sql).get(...values) as string[] | undefined);
  }

  #rows(sql: string, ...values: string[]): string[][] {
    return this.#explained(() => this.#statements.of(sql).all(...values) as string[][]);
  }

  #run(sql: string, ...values: string[]): void {
    this.#explained(() => this.#statements.of(sql).run(...values));
  }

  #transaction<T>(work: () => T): T {
    return this.#explained(() => this.#database.transaction(work).immediate());
  }

  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explain(error, this.#path);
    }
  }
}

function prepare(database: Sqlite.Database, path: string): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > ANSWERS_FORMAT)
    throw new UserFacingError(storeErrors.newerAnswers({ path, version, supported: ANSWERS_FORMAT }));
  enterWal(database);
  // What a call wrote must outlive the machine: in WAL mode only FULL syncs each commit.
  database.pragma('synchronous = FULL');
  if (version < ANSWERS_FORMAT) migrate(database);
}

function migrate(database: Sqlite.Database): void {
  database
    .transaction(() => {
      // Read again, now that nobody else can write.
      const present = database.pragma('user_version', { simple: true }) as number;
      if (present < 1) database.exec(SCHEMA);
      if (present < 2) addSeals(database);
      if (present < ANSWERS_FORMAT) database.pragma(`user_version = ${String(ANSWERS_FORMAT)}`);
    })
    .immediate();
}

/** What is there is taken for right. */
function addSeals(database: Sqlite.Database): void {
  database.exec(SEALS);
  for (const [table, column] of [
    ['answers', 'answer'],
    ['notes', 'note'],
  ] as const) {
    const rows = database.prepare(`SELECT rule, digest, ${column}, rowid FROM ${table}`).raw().all();
    const put = database.prepare(`UPDATE ${table} SET seal = ? WHERE rowid = ?`);
    for (const [rule, digest, text, row] of rows as [string, string, string, number][])
      put.run(sealOf(rule, digest, text), row);
  }
}

/** Text and seal. */
function sealed(rule: string, digest: Digest, value: Json): [text: string, seal: string] {
  const text = JSON.stringify(value);
  return [text, sealOf(rule, digest, text)];
}

/**
 * Makes the file where there is none: elsewhere and whole, so that one without content is known to have lost it. (SQLite
 * would take it for new, and so begin anew without a word.)
 */
function makeFile(path: string): void {
  if (existsSync(path)) return;
  const folder = dirname(path);
  mkdirSync(join(folder, 'locks'), { recursive: true });
  const lock = lockFileSync(join(folder, 'locks', '.answers'));
  try {
    if (existsSync(path)) return;
    // In there is what the file does not have yet, and SQLite would drop it.
    if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0)
      throw damaged(path, 'the file is gone, but not the `-wal` that belongs to it');
    const draft = `${path}.tmp`;
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(draft + suffix, { force: true });
    const database = openDatabase(draft);
    try {
      // Without a log: what closing cannot carry over from one (the disk is full) is lost without a word, and half a file
      // left.
      database.pragma('synchronous = FULL');
      migrate(database);
    } finally {
      database.close();
    }
    renameSync(draft, path);
    syncFolder(folder);
  } finally {
    lock.release();
  }
}

/** So that the name outlives the machine. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function damaged(path: string, problem: string): UserFacingError {
  return new UserFacingError(storeErrors.damagedAnswers({ path, problem }));
}

function explain(error: unknown, path: string): unknown {
  if (error instanceof UserFacingError) return error;
  return isDamage(error) ? damaged(path, (error as Error).message) : explainSqlite(error, path);
}
