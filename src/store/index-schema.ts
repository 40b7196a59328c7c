/** Raised with every change of the schema or of what a column means: an index of another format is made anew. */
export const INDEX_FORMAT = 4;

/**
 * Records are JSON texts behind a seal, see record-text.ts. Digests that are keys of large tables are their 32 bytes,
 * elsewhere texts; times in nanoseconds and inodes are texts, because they exceed the integers of JSON and (inodes) of
 * SQLite.
 */
export const INDEX_SCHEMA = `
  -- See stat-folder.ts. folder: ends in '/', or is empty.
  CREATE TABLE stats (folder TEXT NOT NULL, block INTEGER NOT NULL, records BLOB NOT NULL, PRIMARY KEY (folder, block));

  -- seq is the order of recording.
  CREATE TABLE actions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    target TEXT NOT NULL,
    record TEXT NOT NULL
  );
  CREATE INDEX actions_by_target ON actions (target, seq);
  CREATE TABLE last_success (target TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE failures (target TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE known_outputs (digest BLOB PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE output_paths (path TEXT PRIMARY KEY, record TEXT NOT NULL, entries TEXT);

  -- Not WITHOUT ROWID: keys are random and records long, so appending rows writes far fewer pages.
  CREATE TABLE parts (key BLOB PRIMARY KEY, target TEXT NOT NULL, record TEXT NOT NULL);
  -- Blocks of a thousand parts, see part-lists.ts.
  CREATE TABLE part_lists (
    target TEXT NOT NULL,
    block INTEGER NOT NULL,
    ids TEXT NOT NULL,
    keys BLOB NOT NULL,
    made BLOB,
    PRIMARY KEY (target, block)
  );

  CREATE TABLE runs (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL);
`;
