import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { digestOf, type Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import { cacheUnusable } from '../store/layout.js';
import { parseRecord, recordText } from '../store/record-text.js';
import type { CheckedParams } from './description.js';

/** Raised by hand when what is told of params changes. */
const FORMAT = 3;

interface Line {
  readonly by: string;
  readonly params: Digest;
  readonly answer: CheckedParams;
}

/**
 * Answers of a bundle's params check, one a line in a file beside the bundle. Lines are appended whole; one that a crash
 * tore is skipped, and so is one that another vlmbuild or zod wrote.
 */
export class CheckedAnswers {
  readonly #path: string;
  readonly #by: string;
  readonly #answers = new Map<Digest, CheckedParams>();

  /** @param by what else decides an answer: who checked. */
  constructor(path: string, by: string) {
    this.#path = path;
    this.#by = `format ${FORMAT}, ${by}`;
    for (const line of linesOf(path)) {
      try {
        const { by: writer, params, answer } = parseRecord(line) as Line;
        if (writer === this.#by) this.#answers.set(params, answer);
      } catch {
        continue;
      }
    }
  }

  get(params: JsonObject): CheckedParams | undefined {
    return this.#answers.get(digestOf(params));
  }

  put(params: JsonObject, answer: CheckedParams): void {
    const key = digestOf(params);
    this.#answers.set(key, answer);
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      const line: Line = { by: this.#by, params: key, answer };
      appendFileSync(this.#path, `\n${recordText(line)}\n`);
    } catch (error) {
      throw cacheUnusable(error, this.#path);
    }
  }
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
