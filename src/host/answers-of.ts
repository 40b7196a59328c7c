import { join } from 'node:path';
import type { Answers } from '../store/answers.js';

const opened = new Map<string, Promise<Answers>>();

/** The answers of a cache folder, opened once in a process. */
export function answersOf(cache: string): Promise<Answers> {
  let answers = opened.get(cache);
  if (answers === undefined) {
    answers = import('../store/answers.js').then((module) => module.Answers.open(join(cache, 'answers.db')));
    opened.set(cache, answers);
  }
  return answers;
}
