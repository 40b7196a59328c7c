/** How much an episode would ask of a model, before it is played. */
import type { Json, Once } from 'vlmbuild';
import { NO_RECORDER, playEpisode } from './episode.js';
import { type EpisodeSpec, newGame } from './episode-spec.js';
import { makePolicy } from './policies.js';
import type { Mode } from './prompt.js';
import type { TextureFiles } from './textures.js';

class NotAnswered extends Error {}

interface Ahead {
  readonly spec: EpisodeSpec;
  readonly shown: Mode;
  readonly textures: TextureFiles;
  readonly answered: (question: Json) => Json | undefined;
  readonly signal: AbortSignal;
}

/**
 * The most questions that an episode still asks: it is played as far as there are answers, and every turn after that is
 * a question, of which each takes a step at least.
 */
export async function questionsLeft({ spec, shown, textures, answered, signal }: Ahead): Promise<number> {
  if (spec.policy.kind !== 'model') return 0;
  const { seed, steps, turns, length } = spec;
  const game = await newGame(spec, shown === 'text' ? undefined : textures);
  let played = 0;
  const ask = async <T extends Json>(question: Json): Promise<T> => {
    const answer = answered(question);
    if (answer === undefined) throw new NotAnswered();
    played++;
    return answer as T;
  };
  const once: Once = Object.assign(ask, { begin: () => Promise.reject(new Error('episodes have no brackets')) });
  const policy = makePolicy(spec.policy, seed, { once, secrets: {}, log: () => undefined });
  try {
    await playEpisode({
      ...{ game, policy, mode: shown, seed, steps, turns, signal },
      ...{ writer: NO_RECORDER, startedAt: 0, warn: () => undefined },
    });
    return 0;
  } catch (error) {
    if (!(error instanceof NotAnswered)) throw error;
    return Math.min((turns ?? Infinity) - played, Math.min(steps ?? Infinity, length) - game.steps);
  }
}
