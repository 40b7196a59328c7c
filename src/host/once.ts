import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson } from '../base/canonical.js';
import { hexOf, sha256, type Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { hostErrors } from '../diagnostics/host.js';
import type { Bracket, Once } from '../rule/once.js';
import type { Answers } from '../store/answers.js';
import type { FileLock } from '../store/file-lock.js';

export interface OnceContext {
  readonly answers: () => Promise<Answers>;
  readonly rule: string;
  /** Finds a secret in a text. */
  readonly scrub: (text: string) => string;
  /** Set: earlier answers do not count, but for those asked anew in this run, which are noted in this folder. */
  readonly askAgain: string | undefined;
  readonly signal: AbortSignal;
  /** Called when a question is really asked. */
  readonly onAsked: () => void;
  /** Has something done when the task has ended, however it ended. */
  readonly atEnd: (work: () => void) => void;
}

/** Questions being asked in this process, by rule and question: equal ones wait for the first. */
const asking = new Map<string, Promise<Json>>();

/**
 * `once` for one task: answers are durable before they are returned. Equal questions of other tasks, also in other
 * hosts and other builds, wait for the first; a bracket keeps them waiting until it is ended or its task is.
 */
export function onceFor(context: OnceContext): Once {
  const { rule, answers, signal } = context;
  const checked = (what: string, value: Json): Digest => {
    let text: string;
    try {
      text = canonicalJson(value);
    } catch (error) {
      throw new UserFacingError(hostErrors.onceNotJson(what, (error as Error).message));
    }
    if (context.scrub(text) !== text) throw new UserFacingError(hostErrors.secretKept(what));
    return sha256(text);
  };
  /** The file that says that a question was asked anew in this run; undefined where the old answers count. */
  const markOf = (digest: Digest): string | undefined =>
    context.askAgain === undefined ? undefined : join(context.askAgain, hexOf(sha256(`${rule} ${digest}`)));
  const isAgain = (digest: Digest): boolean => {
    const mark = markOf(digest);
    return mark !== undefined && !existsSync(mark);
  };
  const askedAnew = (digest: Digest): void => {
    const mark = markOf(digest);
    if (mark === undefined) return;
    mkdirSync(dirname(mark), { recursive: true });
    writeFileSync(mark, '');
  };

  async function once<T extends Json>(question: Json, ask: () => Promise<T>): Promise<T> {
    const digest = checked('question', question);
    const key = `${rule} ${digest}`;
    const store = await answers();
    const inFlight = asking.get(key);
    if (inFlight !== undefined) return inFlight as Promise<T>;
    const known = (): Json | undefined => (isAgain(digest) ? undefined : store.get(rule, digest));
    const answer = (async () => {
      const before = known();
      if (before !== undefined) return before;
      const lock = await store.lock(rule, digest, signal);
      try {
        const meanwhile = known();
        if (meanwhile !== undefined) return meanwhile;
        context.onAsked();
        const given = await ask();
        checked('answer', given);
        const kept = store.put(rule, digest, question, given, { replace: isAgain(digest) });
        askedAnew(digest);
        return kept;
      } finally {
        lock.release();
      }
    })();
    asking.set(key, answer);
    try {
      return (await answer) as T;
    } finally {
      asking.delete(key);
    }
  }

  /** Locks of brackets that this task has begun and not ended. */
  const locks = new Map<Digest, FileLock>();
  const unlock = (digest: Digest): void => {
    locks.get(digest)?.release();
    locks.delete(digest);
  };
  const lock = async (store: Answers, digest: Digest): Promise<void> => {
    if (locks.has(digest)) return;
    locks.set(digest, await store.lock(rule, digest, signal));
    context.atEnd(() => unlock(digest));
  };

  async function begin(question: Json): Promise<Bracket> {
    const digest = checked('question', question);
    const store = await answers();
    await lock(store, digest);
    let { status, answer } = store.begin(rule, digest, question, { again: isAgain(digest) });
    if (status === 'answered') unlock(digest);
    return {
      get status() {
        return status;
      },
      get answer() {
        return answer;
      },
      get notes() {
        return store.notes(rule, digest);
      },
      note(note) {
        checked('note', note);
        store.note(rule, digest, note);
      },
      end(given) {
        checked('answer', given);
        store.end(rule, digest, given);
        [status, answer] = ['answered', given];
        askedAnew(digest);
        unlock(digest);
      },
      abandon() {
        store.abandon(rule, digest);
        [status, answer] = ['new', null];
      },
    };
  }

  return Object.assign(once, { begin });
}
