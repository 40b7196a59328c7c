/** A model as a policy: every turn is a question to its endpoint, asked once and for all. */
import { type Json, type JsonObject, type Once, UserError } from 'vlmbuild';
import type { Policy } from '../policy.js';
import { type Clock, systemClock } from './clock.js';
import { askEndpoint } from './endpoint.js';
import { Pace } from './pace.js';
import type { ModelParams } from './params.js';
import { endpointUrl, ignoredSettings, requestBody, usageOf } from './request.js';

/** What a policy may use of the rule that it plays for. */
export interface Means {
  readonly once: Once;
  readonly secrets: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
  readonly clock?: Clock;
}

/** Episodes that run at the same time in this process share the pace of their endpoint. */
const paces = new Map<string, Pace>();

function paceOf(url: string, perMinute: number, clock: Clock): Pace {
  if (clock !== systemClock) return new Pace(perMinute, clock);
  const key = `${perMinute} ${url}`;
  const pace = paces.get(key) ?? new Pace(perMinute, clock);
  paces.set(key, pace);
  return pace;
}

/**
 * A turn of an episode is a question of its own: seeds whose first turns look alike, and turns in which nothing seems to
 * happen, get a reply each, as they would without a memory. Else all would go the way that one reply chose.
 *
 * @throws UserError from `answer`, when the endpoint has none.
 */
export function modelPolicy(
  params: ModelParams,
  seed: number,
  { once, secrets, log, clock = systemClock }: Means,
): Policy {
  const { model } = params;
  const url = endpointUrl(params.base_url);
  const pace = paceOf(url, params.requests_per_minute, clock);
  for (const name of ignoredSettings(params)) log(`\`${name}\` is left out: ${model} does not take it`);

  const ask = async (body: JsonObject, signal: AbortSignal): Promise<JsonObject> => {
    const key = params.secret === null ? undefined : keyIn(secrets, params.secret);
    const timeoutMs = params.timeout_seconds * 1000;
    return askEndpoint({ url, key, timeoutMs, tries: params.tries, pace, log, clock }, body, signal);
  };

  return {
    model,
    provider: providerOf(url),
    async answer({ turn, system, user, signal }) {
      const body = requestBody(params, system, user);
      const question: Json = { endpoint: url, model, seed, turn, body };
      const response = await once(question, () => ask(body, signal));
      return { request: body, response, usage: usageOf(response, params.price) };
    },
  };
}

function keyIn(secrets: Readonly<Record<string, string>>, name: string): string {
  const key = secrets[name];
  if (key === undefined)
    throw new UserError(`the target has no secret \`${name}\`, which holds the key of the model's endpoint`, {
      next: `add \`secrets: [${name}]\` to the target, or set \`policy.secret\``,
    });
  return key;
}

/** Who answers, by the address: `openai` for OpenAI itself, else the host's name. */
function providerOf(url: string): string {
  const { hostname } = new URL(url);
  return hostname === 'api.openai.com' ? 'openai' : hostname;
}
