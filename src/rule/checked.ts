import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { digestOf, type Digest } from '../base/digest.js';
import type { JsonObject } from '../base/json.js';
import { cacheUnusable } from '../store/layout.js';
import type { CheckedParams } from './description.js';

/**
 * Answers of a bundle's params check, one a line in a file beside the bundle. Lines are appended whole; one that a crash
 * tore is skipped.
 */
export class CheckedAnswers {
  readonly #path: string;
  readonly #answers = new Map<Digest, CheckedParams>();

  constructor(path: string) {
    this.#path = path;
    for (const line of linesOf(path)) {
      try {
        const { params, answer } = JSON.parse(line) as { params: Digest; answer: CheckedParams };
        this.#answers.set(params, answer);
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
      appendFileSync(this.#path, `\n${JSON.stringify({ params: key, answer })}\n`);
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
