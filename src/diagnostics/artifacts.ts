import { shownPath } from '../base/shown-path.js';
import type { Diagnostic } from './diagnostic.js';

/** What can be wrong with files, directories, JSONL files and databases. */
export const artifactErrors = {
  /** An input or a staged output is gone. */
  absent: (path: string): Diagnostic => ({
    code: 'VB701',
    headline: `there is no \`${shownPath(path)}\``,
    next: 'make the file, or correct the path in the pipeline file',
  }),
  /** A folder stands where a file is expected, or a file where a folder is. */
  wrongType: (path: string, expected: string, found: string): Diagnostic => ({
    code: 'VB702',
    headline: `\`${shownPath(path)}\` is ${found}, not ${expected}`,
    next: 'correct the path in the pipeline file, or the kind of the role in the rule',
  }),
  /** Links of a directory lead in a circle. */
  linkLoop: (path: string, target: string): Diagnostic => ({
    code: 'VB703',
    headline: `\`${shownPath(path)}\` leads in a circle`,
    facts: [['leads to', shownPath(target)]],
    next: 'remove the link: a directory or glob that contains itself has no end',
  }),
  /** A link of a directory leads to nothing. */
  deadLink: (path: string): Diagnostic => ({
    code: 'VB704',
    headline: `the link \`${shownPath(path)}\` leads nowhere`,
    next: 'restore what it points to, or remove the link',
  }),
  /** Two names of one folder are one name on other file systems. */
  twinNames: (folder: string, first: string, second: string): Diagnostic => ({
    code: 'VB705',
    headline: `two names in \`${shownPath(folder)}\` differ only in case or in Unicode form`,
    facts: [
      ['first', JSON.stringify(first)],
      ['second', JSON.stringify(second)],
    ],
    next: 'rename one: on other file systems they would be one file',
  }),
  /** A name that cannot be written in a manifest. */
  nameNotUtf8: (folder: string, name: string): Diagnostic => ({
    code: 'VB706',
    headline: `a name in \`${shownPath(folder)}\` is not UTF-8`,
    facts: [['name', JSON.stringify(name)]],
    next: 'rename the file',
  }),
  /** A socket, a pipe or a device in a directory. */
  notAFile: (path: string): Diagnostic => ({
    code: 'VB707',
    headline: `\`${shownPath(path)}\` is neither a file nor a folder`,
    next: 'remove it, or leave it out of the directory',
  }),
  /** The file is not a SQLite database, or a broken one. */
  notADatabase: (path: string, reason: string): Diagnostic => ({
    code: 'VB708',
    headline: `\`${shownPath(path)}\` cannot be read as a SQLite database`,
    facts: [['sqlite says', reason]],
    next: 'check the file (`sqlite3 FILE "pragma integrity_check"`), or use another kind for it',
  }),
  /** A folder given as a database has no database where sqld keeps it. */
  noDatabaseInFolder: (path: string, expected: string): Diagnostic => ({
    code: 'VB709',
    headline: `the folder \`${shownPath(path)}\` holds no database`,
    facts: [['expected', expected]],
    next: 'name the database file itself, or the folder that sqld writes',
  }),
  /** Another program keeps the database locked. */
  databaseBusy: (path: string): Diagnostic => ({
    code: 'VB710',
    headline: `\`${shownPath(path)}\` is locked by another program`,
    next: 'wait until that program has finished writing, then build again',
  }),
  /** A slice's query is wrong, or would write. */
  badQuery: (path: string, name: string, sql: string, reason: string): Diagnostic => ({
    code: 'VB711',
    headline: `the query \`${name}\` cannot be run: ${reason}`,
    facts: [
      ['database', shownPath(path)],
      ['query', oneLine(sql)],
    ],
    next: 'correct the query in the rule',
  }),
  /** `rows(name)` with a name that the slice does not have. */
  unknownQuery: (name: string, names: readonly string[]): Diagnostic => ({
    code: 'VB712',
    headline: `the slice has no query \`${name}\``,
    facts: [['queries', names.join(', ')]],
    next: 'a part can read only the queries that it was listed with',
  }),
  /** A row of a JSONL file is not JSON. */
  badRow: (path: string, line: number, reason: string): Diagnostic => ({
    code: 'VB713',
    headline: `line ${line} of \`${shownPath(path)}\` is not JSON`,
    facts: [['found', reason]],
    next: 'correct the line, or read `lines()` and decide in the rule',
  }),
  /** A line that JavaScript cannot hold as one string. */
  lineTooLong: (path: string, line: number, bytes: number): Diagnostic => ({
    code: 'VB714',
    headline: `line ${line} of \`${shownPath(path)}\` is too long to read as text`,
    facts: [['bytes', String(bytes)]],
    next: 'read it as bytes in the rule',
  }),
  /** A rule appends something that is more than one line. */
  notOneLine: (path: string): Diagnostic => ({
    code: 'VB715',
    headline: `a line with a line feed inside was appended to \`${shownPath(path)}\``,
    next: 'append one row at a time; `JSON.stringify` gives no line feeds',
  }),
  /** A part's JSONL output does not end in a line feed, so that joining would glue two rows together. */
  partWithoutLineEnd: (part: string): Diagnostic => ({
    code: 'VB716',
    headline: `the output of part \`${part}\` does not end in a line feed`,
    next: 'end every row with a line feed; `append` does',
  }),
  /** Two parts of a directory have one name with different content, or names that exclude each other. */
  entryClash: (name: string, first: string, second: string, why: string): Diagnostic => ({
    code: 'VB717',
    headline: `two parts write \`${name}\`, ${why}`,
    facts: [
      ['first', first],
      ['second', second],
    ],
    next: 'put the id of the part into the name, or write an `assemble`',
  }),
  /** A rule adds an entry whose name leads outside, or is never part of a directory. */
  badEntryName: (name: string, why: string): Diagnostic => ({
    code: 'VB718',
    headline: `\`${name}\` cannot be added to the directory: ${why}`,
    next: 'add names that are relative, with `/` between folders',
  }),
  /** A writer was used after the rule had returned. */
  closed: (path: string): Diagnostic => ({
    code: 'VB719',
    headline: `\`${shownPath(path)}\` was written after the rule had finished`,
    next: 'await everything that the rule starts',
  }),
} as const;

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
