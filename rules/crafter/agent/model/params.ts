/** A model as a policy: what params say of it. */
import { z } from 'zod';

const DEFAULT_BASE_URL = 'https://api.openai.com';
const DEFAULT_SECRET = 'OPENAI_API_KEY';

/**
 * What decides the answers is part of every question, the rest is not: with another `timeout_seconds`, say, episodes
 * are played again from the answers that are there.
 */
export const modelParams = z.strictObject({
  kind: z.literal('model').describe('A model behind an OpenAI-compatible chat endpoint.'),
  model: z.string().min(1).describe('Its name, as the endpoint knows it.'),
  base_url: z
    .url({ protocol: /^https?$/, error: 'expected the http or https address of an endpoint' })
    .default(DEFAULT_BASE_URL)
    .describe('Where it is; `/v1/chat/completions` is added.'),
  secret: z
    .string()
    .min(1)
    .nullable()
    .default(DEFAULT_SECRET)
    .describe(
      "The name of the secret that holds its key, which the target's `secrets` has to list; `null` for an endpoint without keys.",
    ),
  temperature: z
    .number()
    .min(0)
    .max(2)
    .nullable()
    .default(null)
    .describe("Sent if given; the endpoint's own otherwise."),
  top_p: z.number().gt(0).max(1).nullable().default(null).describe("Sent if given; the endpoint's own otherwise."),
  max_tokens: z.int().min(1).nullable().default(null).describe('The most tokens of a reply. Sent if given.'),
  use_vision: z
    .boolean()
    .nullable()
    .default(null)
    .describe(
      'Whether it sees pictures. Default: what its name tells. One that does not is told in words in mode `both`.',
    ),
  requests_per_minute: z.int().min(1).max(1_000_000).default(1000).describe('The most requests within any minute.'),
  timeout_seconds: z.number().gt(0).max(3600).default(120).describe('How long a reply may take.'),
  tries: z
    .int()
    .min(1)
    .max(100)
    .default(6)
    .describe('How often a question is asked at most while the endpoint is busy, fails or answers garbage.'),
  price: z
    .strictObject({ input: z.number().min(0), output: z.number().min(0) })
    .nullable()
    .default(null)
    .describe('US dollars a million tokens, for the cost in the traces. Not needed where replies tell their cost.'),
});
export type ModelParams = z.output<typeof modelParams>;
