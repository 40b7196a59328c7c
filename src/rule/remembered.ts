import { mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hexOf, sha256, type Digest } from '../base/digest.js';
import { writeAtomic } from '../store/atomic-write.js';
import { cacheUnusable } from '../store/layout.js';
import { parseRecord, recordText } from '../store/record-text.js';
import type { LoadedRule } from './description.js';

/** Raised by hand when what is remembered, or how it is found, changes. */
const FORMAT = 6;

export type Content = Digest | 'absent';

interface Record_ {
  readonly format: number;
  readonly by: string;
  readonly contents: Readonly<Record<string, Content>>;
  readonly rule: LoadedRule;
}

/**
 * Rules as they were loaded before, under `cache/rules/`: believed while every file that they came from has the content
 * it had. Nothing here is needed; what cannot be read counts as not there.
 */
export class RememberedRules {
  readonly #folder: string;
  /** What else decides: the versions of vlmbuild and zod. */
  readonly #by: string;
  /** Content of files, so that what many rules share is read once. */
  readonly #contents = new Map<string, Content>();

  constructor(folder: string, by: string) {
    this.#folder = folder;
    this.#by = by;
  }

  get(name: string, path: string): LoadedRule | undefined {
    const record = this.#read(name);
    if (record === undefined || record.format !== FORMAT || record.by !== this.#by || record.rule.path !== path) {
      return undefined;
    }
    const unchanged = Object.entries(record.contents).every(([file, content]) => this.#contentOf(file) === content);
    return unchanged && isWholeBundle(record.rule.bundle) ? record.rule : undefined;
  }

  /** @param read contents as they were when the rule was bundled, which may be older than what is there now */
  put(rule: LoadedRule, read: ReadonlyMap<string, Digest>): void {
    const paths = [...rule.closure, ...rule.shadows];
    const contents = Object.fromEntries(paths.map((path) => [path, read.get(path) ?? this.#contentOf(path)]));
    replaceFile(this.#path(rule.name), recordText({ format: FORMAT, by: this.#by, contents, rule }));
  }

  #read(name: string): Record_ | undefined {
    try {
      return parseRecord(readFileSync(this.#path(name), 'utf8')) as Record_;
    } catch {
      return undefined;
    }
  }

  #path(name: string): string {
    return join(this.#folder, `${name.replace('/', '+')}.json`);
  }

  #contentOf(path: string): Content {
    let content = this.#contents.get(path);
    if (content === undefined) {
      content = contentOf(path);
      this.#contents.set(path, content);
    }
    return content;
  }
}

export function contentOf(path: string): Content {
  try {
    return sha256(readFileSync(path));
  } catch {
    return 'absent';
  }
}

/** Where the program of a rule is kept: its name is the digest of its bytes, so that what a power cut tore is not run. */
export function bundlePath(folder: string, program: string): string {
  return join(folder, `${hexOf(sha256(program))}.cjs`);
}

export function isWholeBundle(path: string): boolean {
  const content = contentOf(path);
  return content !== 'absent' && basename(path) === `${hexOf(content)}.cjs`;
}

/** Writes a whole file or nothing. @throws UserFacingError where that cannot be done. */
export function replaceFile(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeAtomic(path, text);
  } catch (error) {
    throw cacheUnusable(error, path);
  }
}
