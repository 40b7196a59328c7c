/**
 * Asks an OpenAI-compatible endpoint for a chat completion, until it answers or there is no point in asking again:
 *
 *     pace --> request --2xx, a chat completion--------------> answered
 *      ^          \--4xx: the request is to blame------------> failed
 *      |           \--408 409 425 429 5xx, no reply in time,
 *      |             no connection, garbage--> tries left? --no--> failed
 *      \------------------ wait <---------------- yes
 *
 * A wait is as long as `Retry-After` says; without it, it doubles from a second to a minute, less a random part.
 */
import { type JsonObject, UserError } from 'vlmbuild';
import { type Clock, systemClock } from './clock.js';
import type { Pace } from './pace.js';

export interface EndpointOptions {
  /** The full address of its chat completions. */
  readonly url: string;
  /** `undefined`: none is sent. */
  readonly key: string | undefined;
  readonly timeoutMs: number;
  /** How often a question is asked at most. */
  readonly tries: number;
  readonly pace: Pace;
  readonly log: (line: string) => void;
  readonly clock?: Clock;
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 60_000;
/** Who asks to wait longer than this has no quota left, and waiting would only look like work. */
const LONGEST_RETRY_AFTER = 600_000;
const MOST_BYTES = 16 << 20;
const LONGEST_QUOTE = 300;
const PASSING = new Set([408, 409, 425, 429]);

/** Why a try failed, and whether another may help. */
class Failure extends Error {
  readonly waitMs: number | undefined;
  readonly next: string | undefined;

  constructor(
    message: string,
    readonly isPassing: boolean,
    { waitMs, next }: { readonly waitMs?: number | undefined; readonly next?: string | undefined } = {},
  ) {
    super(message);
    this.waitMs = waitMs;
    this.next = next;
  }
}

/** @throws UserError when it gives up; the signal's reason when that is aborted. */
export async function askEndpoint(
  options: EndpointOptions,
  body: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { clock = systemClock, pace, tries, log } = options;
  for (let attempt = 1; ; attempt++) {
    await pace.pass(signal);
    try {
      return await request(options, clock, body, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      const wait = error.waitMs ?? Math.min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT) * (1 - clock.random() / 2);
      if (!error.isPassing || attempt >= tries || wait > LONGEST_RETRY_AFTER)
        throw givenUp(options.url, error, attempt);
      log(`${error.message}: asking again in ${Math.ceil(wait / 1000)} s (${attempt} of ${tries})`);
      if (error.waitMs !== undefined) pace.holdUntil(clock.now() + wait);
      await clock.wait(wait, signal);
    }
  }
}

function givenUp(url: string, { message, next, waitMs }: Failure, attempts: number): UserError {
  const often = attempts === 1 ? '' : `, asked ${attempts} times`;
  const asksToWait = waitMs !== undefined && waitMs > LONGEST_RETRY_AFTER;
  const wait = asksToWait ? ` and asks to wait ${Math.ceil(waitMs / 1000)} s` : '';
  return new UserError(`${message}${wait} (${url}${often})`, {
    next: next ?? 'build again: what was answered is not asked again',
  });
}

async function request(
  { url, key, timeoutMs }: EndpointOptions,
  clock: Clock,
  body: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  const late = new AbortController();
  const callOff = clock.after(timeoutMs, () => late.abort());
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(body),
      // A key is for the address it was given for.
      redirect: 'manual',
      signal: AbortSignal.any([signal, late.signal]),
    });
    const text = await textOf(response);
    if (!response.ok) throw refusal(response, text, clock.now());
    return completionIn(text);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (late.signal.aborted) throw new Failure(`the endpoint did not answer within ${timeoutMs / 1000} s`, true);
    throw new Failure(`the endpoint cannot be reached: ${causeOf(error)}`, true);
  } finally {
    callOff();
  }
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > MOST_BYTES) throw new Failure(`the endpoint answered more than ${MOST_BYTES >> 20} MiB`, true);
    text += decoder.decode(bytes, { stream: true });
  }
  return text + decoder.decode();
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A chat completion has choices, and these have messages; what they hold is for others to judge. */
function completionIn(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Failure(`the endpoint answered what is not JSON: ${quote(text)}`, true);
  }
  const choices = isObject(value) ? value['choices'] : undefined;
  const isCompletion =
    Array.isArray(choices) &&
    choices.length > 0 &&
    choices.every((choice) => isObject(choice) && isObject(choice['message']));
  if (!isObject(value) || !isCompletion)
    throw new Failure(`the endpoint answered what is not a chat completion: ${quote(text)}`, true);
  return value;
}

function refusal({ status, headers }: Response, text: string, now: number): Failure {
  const { message, code } = complaintIn(text);
  const said = message === '' ? '' : `: ${quote(message)}`;
  const isPassing = (PASSING.has(status) || status >= 500) && code !== 'insufficient_quota';
  return new Failure(`the endpoint answered ${status}${said}`, isPassing, {
    waitMs: retryAfter(headers, now),
    next: NEXT[status],
  });
}

const NEXT: Readonly<Record<number, string>> = {
  401: 'check the secret that `policy.secret` names',
  403: 'check the secret that `policy.secret` names, and what it gives access to',
  404: 'check `policy.base_url` and `policy.model`',
};

/** `{"error": {"message", "code"}}`, `{"error": "…"}` or whatever else was said. */
function complaintIn(text: string): { readonly message: string; readonly code: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    const error = isObject(value) ? value['error'] : undefined;
    if (typeof error === 'string') return { message: error, code: undefined };
    if (isObject(error) && typeof error['message'] === 'string')
      return { message: error['message'], code: error['code'] };
  } catch {
    // Then it is quoted as it is.
  }
  return { message: text, code: undefined };
}

/** Milliseconds to wait: `Retry-After` holds seconds or a date. */
function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function quote(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line === '') return 'nothing';
  return line.length <= LONGEST_QUOTE ? line : `${line.slice(0, LONGEST_QUOTE)}…`;
}

/** fetch hides what went wrong in the cause of its error. */
function causeOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: unknown };
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
