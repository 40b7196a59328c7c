import { canonicalJson } from '../base/canonical.js';
import { sha256, type Digest } from '../base/digest.js';
import type { Json } from '../base/json.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { hostErrors } from '../diagnostics/host.js';
import type { Bracket, Once } from '../rule/once.js';
import type { Answers } from '../store/answers.js';

export interface OnceContext {
  readonly answers: () => Promise<Answers>;
  readonly rule: string;
  /** Finds a secret in a text. */
  readonly scrub: (text: string) => string;
  /** Earlier answers do not count, but for those that were asked anew in this process. */
  readonly askAgain: boolean;
  /** Called when a question is really asked. */
  readonly onAsked: () => void;
}

/** Questions being asked in this process, by rule and question: equal ones wait for the first. */
const asking = new Map<string, Promise<Json>>();
/** Questions that were asked anew in this process. */
const askedAnew = new Set<string>();

/** `once` for one task: answers are durable before they are returned. */
export function onceFor(context: OnceContext): Once {
  const { rule, answers } = context;
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

  async function once<T extends Json>(question: Json, ask: () => Promise<T>): Promise<T> {
    const digest = checked('question', question);
    const key = `${rule} ${digest}`;
    const store = await answers();
    const inFlight = asking.get(key);
    if (inFlight !== undefined) return inFlight as Promise<T>;
    const replace = context.askAgain && !askedAnew.has(key);
    const known = replace ? undefined : store.get(rule, digest);
    if (known !== undefined) return known as T;
    const answer = (async () => {
      context.onAsked();
      const given = await ask();
      checked('answer', given);
      const kept = store.put(rule, digest, question, given, { replace });
      if (replace) askedAnew.add(key);
      return kept;
    })();
    asking.set(key, answer);
    try {
      return (await answer) as T;
    } finally {
      asking.delete(key);
    }
  }

  async function begin(question: Json): Promise<Bracket> {
    const digest = checked('question', question);
    const store = await answers();
    const record = store.begin(rule, digest, question);
    let { status, answer } = record;
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
      },
      abandon() {
        store.abandon(rule, digest);
        [status, answer] = ['new', null];
      },
    };
  }

  return Object.assign(once, { begin });
}
