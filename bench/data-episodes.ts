/** Episodes that were really played, to fill generated databases with: texts, frames, replies and rewards as they come. */
import { playEpisode } from '../rules/crafter/agent/episode.js';
import { expertPolicy } from '../rules/crafter/agent/expert/policy.js';
import { ownTextures } from '../rules/crafter/art/textures.js';
import { Crafter } from '../rules/crafter/sim/crafter.js';
import type { ModelCall } from '../rules/lib/tracing/call-record.js';
import type { RewardRow } from '../rules/lib/tracing/write.js';

/** What a recorder is told of a turn. */
export interface PlayedTurn {
  readonly call: ModelCall;
  /** The observation in words. */
  readonly before: string;
  readonly after: string;
  readonly rewards: readonly RewardRow[];
}

/** Long enough for a night, whose frames are many times as large. */
const TURNS = 100;
const SEEDS = [0, 1, 2, 3];

/** @param side pixels of a frame's side; 0 for text alone. */
export async function playedTurns(side: number): Promise<readonly PlayedTurn[]> {
  const played: PlayedTurn[] = [];
  for (const seed of SEEDS) {
    const game = new Crafter(side === 0 ? { seed } : { seed, size: [side, side], textures: ownTextures() });
    let call: ModelCall | undefined;
    let step = { before: '', after: '' };
    let rewards: RewardRow[] = [];
    await playEpisode({
      ...{ game, policy: expertPolicy(), mode: side === 0 ? 'text' : 'both', seed, steps: null, turns: TURNS },
      ...{ startedAt: Date.UTC(2025, 9, 20, 9), signal: new AbortController().signal, warn: () => undefined },
      writer: {
        beginTurn: () => (rewards = []),
        message: () => undefined,
        modelCall(_system, said) {
          call = said;
          return 0;
        },
        environment(_system, { before, after }) {
          step = { before, after };
          return 0;
        },
        reward: (_event, reward) => rewards.push(reward),
        endTurn() {
          if (call !== undefined) played.push({ call, ...step, rewards });
        },
        outcome: () => undefined,
      },
    });
  }
  return played;
}
