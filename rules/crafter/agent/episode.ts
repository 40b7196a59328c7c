/** One episode: a policy plays a game, turn by turn, and every turn is recorded. */
import type { JsonObject } from 'vlmbuild';
import type { ChatMessage, Usage } from '../../lib/tracing/call-record.js';
import type { TraceWriter } from '../../lib/tracing/write.js';
import type { Crafter } from '../sim/crafter.js';
import type { Frame } from '../sim/camera.js';
import type { AchievementName } from '../sim/rules.js';
import { NOTHING_YET, type Progress, advance, isOver, observe } from './observation.js';
import { observationText } from './observation-text.js';
import { dataUrl, encodePng } from './png.js';
import type { Policy } from './policy.js';
import { type Mode, SYSTEM_PROMPT, userContent } from './prompt.js';
import { actionsOf, toolCallsOf } from './reply-parsing.js';
import { MOST_ACTIONS, type ToolCall } from './tools.js';

/** What a recorder of episodes is told. */
export type Recorder = Pick<
  TraceWriter,
  'beginTurn' | 'message' | 'modelCall' | 'environment' | 'reward' | 'endTurn' | 'outcome'
>;

/** For episodes of which only the result matters. */
export const NO_RECORDER: Recorder = {
  beginTurn: () => undefined,
  message: () => undefined,
  modelCall: () => 0,
  environment: () => 0,
  reward: () => undefined,
  endTurn: () => undefined,
  outcome: () => undefined,
};

export interface EpisodeOptions {
  /** Not reset yet; with textures unless the mode is `text` and nobody wants frames. */
  readonly game: Crafter;
  readonly policy: Policy;
  readonly mode: Mode;
  readonly seed: number;
  /**
   * Told what the player sees before the first turn and after each turn, as PNG; needs a game with textures in any mode.
   */
  readonly onFrame?: (number: number, png: Uint8Array) => Promise<void>;
  /** The most single actions and the most turns; `null` for no limit. */
  readonly steps: number | null;
  readonly turns: number | null;
  readonly writer: Recorder;
  /** Milliseconds since 1970 at which the episode is said to start: recorded times are counted from it. */
  readonly startedAt: number;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

export interface EpisodeResult {
  readonly turns: number;
  readonly steps: number;
  readonly toolCalls: number;
  /** The sum of the turns' rewards: achievements unlocked. */
  readonly reward: number;
  /** The sum of what the game itself paid: it counts health too. */
  readonly gameReward: number;
  /** Unlocked, sorted by name. */
  readonly achievements: readonly AchievementName[];
  readonly health: number;
  /** What the policy's endpoint counted; `costUsd` is `null` where nobody told. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number; readonly costUsd: number | null };
  readonly ending: 'death' | 'length' | 'limit' | 'no tool call';
}

/** A turn takes a second, half of it before the environment answers. */
const TURN_MS = 1000;

const POLICY = 'policy:crafter-react';
const ENVIRONMENT = 'environment:crafter';

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export async function playEpisode(options: EpisodeOptions): Promise<EpisodeResult> {
  const { game, policy, mode, writer, signal } = options;
  const withPictures = mode !== 'text' || options.onFrame !== undefined;
  const history: ToolCall[] = [];
  const unlocked = new Set<AchievementName>();
  let progress: Progress = NOTHING_YET;
  let toolCalls = 0;
  let reward = 0;
  let used: EpisodeResult['usage'] = { inputTokens: 0, outputTokens: 0, costUsd: null };
  let turn = 0;
  let ending: EpisodeResult['ending'] = 'limit';
  let frame = game.reset(withPictures);
  let text = describe(game, progress);

  const lastStep = Math.min(
    game.length ?? Infinity,
    options.steps ?? Infinity,
    (options.turns ?? Infinity) * MOST_ACTIONS,
  );
  const isLimitReached = (): boolean =>
    (options.turns !== null && turn >= options.turns) || (options.steps !== null && game.steps >= options.steps);

  for (; !isLimitReached(); turn++) {
    signal.throwIfAborted();
    const png = await pngOf(frame);
    if (png !== undefined) await options.onFrame?.(turn, png);
    const at = options.startedAt + turn * TURN_MS;
    const user = userContent(mode, text, history, png === undefined ? undefined : dataUrl(png));
    const { request, response, usage } = await policy.answer({
      ...{ turn, system: SYSTEM_PROMPT, user, game, signal },
      lastStep: Number.isFinite(lastStep) ? lastStep : null,
    });
    const calls = toolCallsOf(response);
    toolCalls += calls.length;
    used = plus(used, usage);

    writer.beginTurn(turn, at);
    if (turn === 0) writer.message('system', SYSTEM_PROMPT, at);
    writer.message('user', text, at);
    writer.modelCall(POLICY, {
      startedAt: at,
      completedAt: at,
      model: policy.model,
      provider: policy.provider,
      messages: chatMessages(user),
      request,
      response,
      toolCalls: calls.map((call) => ({ ...call, arguments: argumentsText(call) })),
      usage,
    });
    const [firstCall] = calls;
    if (firstCall === undefined) {
      writer.endTurn(at);
      turn++;
      ending = 'no tool call';
      break;
    }
    history.push(firstCall);
    writer.message('tool_use', JSON.stringify(calls), at);

    const before = text;
    const turnedTrue: AchievementName[] = [];
    const actions = actionsOf(calls, options.warn);
    const room = options.steps === null ? actions.length : options.steps - game.steps;
    const played = actions.slice(0, room);
    for (const [index, action] of played.entries()) {
      const outcome = game.step(action, withPictures && index === played.length - 1);
      progress = advance(progress, outcome);
      frame = outcome.frame;
      turnedTrue.push(...outcome.unlocked);
      if (isOver(progress)) break;
    }
    turnedTrue.sort(byName);
    text = describe(game, progress);
    reward += turnedTrue.length;
    const done = at + TURN_MS / 2;
    recordStep(writer, done, { before, after: text, turnedTrue, isNew: (name) => !unlocked.has(name), progress });
    for (const name of turnedTrue) unlocked.add(name);
    writer.endTurn(done);
    if (isOver(progress)) {
      turn++;
      ending = progress.terminated ? 'death' : 'length';
      break;
    }
  }

  if (options.onFrame !== undefined && ending !== 'no tool call') {
    const png = await pngOf(frame);
    if (png !== undefined) await options.onFrame(turn, png);
  }
  const achievements = [...unlocked].sort(byName);
  writer.outcome({
    totalReward: reward,
    achievementsCount: achievements.length,
    totalSteps: turn,
    at: options.startedAt + turn * TURN_MS,
    metadata: {
      achievements,
      env_id: null,
      policy_id: null,
      env_seed: options.seed,
      final_achievements: achievements,
    },
  });
  const { health } = game.inventory();
  const gameReward = progress.totalReward;
  return { turns: turn, steps: game.steps, toolCalls, reward, gameReward, achievements, health, usage: used, ending };
}

function plus(sum: EpisodeResult['usage'], usage: Usage | null): EpisodeResult['usage'] {
  if (usage === null) return sum;
  const { inputTokens, outputTokens, costUsd } = usage;
  return {
    inputTokens: sum.inputTokens + inputTokens,
    outputTokens: sum.outputTokens + outputTokens,
    costUsd: costUsd === null ? sum.costUsd : (sum.costUsd ?? 0) + costUsd,
  };
}

const describe = (game: Crafter, progress: Progress): string => observationText(observe(game, progress));

const pngOf = async (frame: Frame | null): Promise<Buffer | undefined> =>
  frame === null ? undefined : encodePng(frame.data, frame.width, frame.height);

const argumentsText = (call: ToolCall): string =>
  typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);

const chatMessages = (user: ChatMessage['content']): readonly ChatMessage[] => [
  { role: 'system', content: SYSTEM_PROMPT },
  { role: 'user', content: user },
];

interface Step {
  readonly before: string;
  readonly after: string;
  readonly turnedTrue: readonly AchievementName[];
  isNew(name: AchievementName): boolean;
  readonly progress: Progress;
}

/** The environment's event and its rewards, with the names that either kind of reader looks for. */
function recordStep(writer: Recorder, at: number, step: Step): void {
  const { turnedTrue, progress } = step;
  const event = writer.environment(ENVIRONMENT, {
    at,
    before: step.before,
    after: step.after,
    reward: turnedTrue.length,
    terminated: progress.terminated,
    truncated: progress.truncated,
  });
  writer.reward(event, { type: 'sparse', value: turnedTrue.length, annotation: null, at });
  const turned: JsonObject = { turned_true: turnedTrue, achievements: turnedTrue };
  writer.reward(event, { type: 'achievement_delta', value: turnedTrue.length, annotation: turned, at });
  const unique = turnedTrue.filter((name) => step.isNew(name));
  if (unique.length === 0) return;
  const fresh: JsonObject = { new_unique: unique, achievements: unique };
  writer.reward(event, { type: 'unique_achievement_delta', value: unique.length, annotation: fresh, at });
}
