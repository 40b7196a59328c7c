import { balance } from './balance.js';
import { Camera, type Frame } from './camera.js';
import { updateArrow, updateCow, updateSkeleton, updateZombie } from './creatures.js';
import { daylight } from './daylight.js';
import { stepX, stepY } from './direction.js';
import { ARROW, COW, type Entity, PLAYER, SKELETON, ZOMBIE } from './entity.js';
import { episodeSeed } from './episode-seed.js';
import type { Size, View } from './layout.js';
import { MersenneTwister } from './mt19937.js';
import { updatePlant } from './plant.js';
import { Player } from './player.js';
import { ACHIEVEMENTS, ACTIONS, type AchievementName, type ActionName, ITEMS, type ItemName } from './rules.js';
import { type State, restoreState, takeState } from './state.js';
import { TEXTURE_NAMES, type Textures } from './texture.js';
import { World } from './world.js';
import { generate } from './worldgen.js';

export interface CrafterOptions {
  /** Any integer. With the number of the episode it decides everything that is random. */
  readonly seed: number | bigint;
  /** Cells, width and height. Default 64 x 64. */
  readonly area?: readonly [number, number];
  /** Cells that a frame shows, the rows of the inventory included. Default 9 x 9. */
  readonly view?: View;
  /**
   * Pixels of a frame, width and height. Default 64 x 64. It matters without pictures too: night frames draw random
   * numbers by the pixel.
   */
  readonly size?: Size;
  /** Steps until an episode is over; `null` for no end. Default 10,000. */
  readonly length?: number | null;
  /** `false`: `step` returns 0 for every reward. Default `true`. */
  readonly reward?: boolean;
  /** One picture for each of {@link TEXTURE_NAMES}. Without them there are no frames. */
  readonly textures?: Textures;
}

/** What a step led to. */
export interface Outcome {
  /** A tenth of the change in health, and 1 when something was achieved for the first time. */
  readonly reward: number;
  /** The same whatever the option `reward` says. */
  readonly fullReward: number;
  readonly done: boolean;
  /** 0 if the player is dead, else 1. */
  readonly discount: 0 | 1;
  /** Achieved for the first time in this step. */
  readonly unlocked: readonly AchievementName[];
  /** The picture after the step, overwritten by the next one; `null` if none was asked for. */
  readonly frame: Frame | null;
}

const NONE: readonly AchievementName[] = [];
const KNOWN_ACTIONS: ReadonlySet<string> = new Set(ACTIONS);

/**
 * The game Crafter (Hafner, 2021): the same seed and actions give the same worlds, rewards and pictures as the
 * published Python package, version 1.8.3. Every reset and every step takes one picture of the configured size, or
 * draws the same random numbers in its place; {@link render} takes further ones, and by night these change what
 * happens next.
 *
 * ```ts
 * const game = new Crafter({ seed: 7 });
 * game.reset();
 * const { reward, done } = game.step('move_left');
 * ```
 */
export class Crafter {
  readonly area: readonly [number, number];
  readonly view: View;
  readonly size: Size;
  readonly length: number | null;
  private readonly seed: bigint;
  private readonly paysReward: boolean;
  private readonly textures: Textures | undefined;
  private readonly camera: Camera;
  private readonly otherCameras = new Map<string, Camera>();
  private episode = 0;
  private stepCount = 0;
  private lastHealth = 0;
  private readonly unlockedSet = new Set<AchievementName>();
  private current: { readonly world: World; readonly player: Player } | undefined;

  /** @throws RangeError for an area, view, size, length or seed that cannot be, or textures that lack a name. */
  constructor(options: CrafterOptions) {
    this.area = options.area ?? [64, 64];
    this.view = options.view ?? [9, 9];
    this.size = options.size ?? [64, 64];
    this.length = options.length === undefined ? 10_000 : options.length;
    this.paysReward = options.reward ?? true;
    this.textures = options.textures;
    for (const cells of this.area)
      if (!Number.isSafeInteger(cells) || cells < 1) throw new RangeError(`an area of ${this.area.join('x')} cells`);
    if (this.length !== null && (!Number.isSafeInteger(this.length) || this.length < 1))
      throw new RangeError(`an episode of ${this.length} steps`);
    this.seed = BigInt(options.seed);
    const missing = TEXTURE_NAMES.filter((name) => this.textures?.has(name) === false);
    if (missing.length > 0) throw new RangeError(`textures are missing: ${missing.join(', ')}`);
    this.camera = new Camera(this.view, this.size, this.textures);
  }

  private get game(): { readonly world: World; readonly player: Player } {
    if (this.current === undefined) throw new Error('the game was not reset yet');
    return this.current;
  }

  /** Starts the next episode. Returns its first picture; `null` if there are no textures or `picture` is false. */
  reset(picture = this.textures !== undefined): Frame | null {
    this.episode++;
    this.stepCount = 0;
    this.unlockedSet.clear();
    const [width, height] = this.area;
    const world = new World(width, height, new MersenneTwister(episodeSeed(this.seed, this.episode)));
    world.daylight = daylight(0);
    const player = new Player(Math.floor(width / 2), Math.floor(height / 2));
    this.lastHealth = player.health;
    world.add(player);
    generate(world, player);
    this.current = { world, player };
    return this.look(picture);
  }

  /**
   * Plays one step. It may be called on after `done`: nothing ends by itself.
   *
   * @throws RangeError for what is no action; nothing has happened then.
   */
  step(action: ActionName, picture = this.textures !== undefined): Outcome {
    if (!KNOWN_ACTIONS.has(action)) throw new RangeError(`an unknown action: ${action}`);
    const { world, player } = this.game;
    this.stepCount++;
    world.daylight = daylight(this.stepCount);
    player.action = action;
    this.updateAll(world, player);
    if (this.stepCount % 10 === 0) for (const chunk of world.visitedChunks) balance(world, chunk, player);
    const frame = this.look(picture);
    let reward = (player.health - this.lastHealth) / 10;
    this.lastHealth = player.health;
    const unlocked = this.unlock(player);
    if (unlocked.length > 0) reward += 1;
    const isDead = player.health <= 0;
    const isOver = this.length !== null && this.stepCount >= this.length;
    return {
      reward: this.paysReward ? reward : 0,
      fullReward: reward,
      done: isDead || isOver,
      discount: isDead ? 0 : 1,
      unlocked,
      frame,
    };
  }

  /** Updates what is near the player, in order of creation. What appears meanwhile waits for the next step. */
  private updateAll(world: World, player: Player): void {
    const reach = 2 * Math.max(...this.view);
    const { entities } = world;
    const { length } = entities;
    for (let i = 0; i < length; i++) {
      const entity = entities[i] as Entity;
      if (entity.distanceTo(player) >= reach) continue;
      switch (entity.kind) {
        case PLAYER:
          player.update(world);
          break;
        case COW:
          updateCow(world, entity);
          break;
        case ZOMBIE:
          updateZombie(world, entity, player);
          break;
        case SKELETON:
          updateSkeleton(world, entity, player);
          break;
        case ARROW:
          updateArrow(world, entity);
          break;
        default:
          updatePlant(world, entity);
      }
    }
  }

  private unlock(player: Player): readonly AchievementName[] {
    let unlocked: AchievementName[] | undefined;
    for (let i = 0; i < ACHIEVEMENTS.length; i++) {
      const name = ACHIEVEMENTS[i] as AchievementName;
      if ((player.achieved[i] as number) === 0 || this.unlockedSet.has(name)) continue;
      this.unlockedSet.add(name);
      (unlocked ??= []).push(name);
    }
    return unlocked ?? NONE;
  }

  private look(picture: boolean, camera = this.camera): Frame | null {
    const { world, player } = this.game;
    if (picture) return camera.capture(world, player);
    camera.skip(world);
    return null;
  }

  /**
   * Takes a further picture, overwritten by the next one of its size; `null` if there are no textures or `picture` is
   * false. By night it draws random numbers either way, and so changes what happens next.
   */
  render(size: Size = this.size, picture = this.textures !== undefined): Frame | null {
    const key = size.join('x');
    if (key === this.size.join('x')) return this.look(picture);
    let camera = this.otherCameras.get(key);
    if (camera === undefined) {
      camera = new Camera(this.view, size, this.textures);
      this.otherCameras.set(key, camera);
    }
    return this.look(picture, camera);
  }

  /** Steps played in this episode. */
  get steps(): number {
    return this.stepCount;
  }

  /** Daylight from 0 to 1. */
  get daylight(): number {
    return this.game.world.daylight;
  }

  get position(): readonly [number, number] {
    const { x, y } = this.game.player;
    return [x, y];
  }

  get facing(): readonly [number, number] {
    const { facing } = this.game.player;
    return [stepX(facing), stepY(facing)];
  }

  get sleeping(): boolean {
    return this.game.player.sleeping;
  }

  /** Amounts of all items, in order. */
  inventory(): Record<ItemName, number> {
    const { player } = this.game;
    return Object.fromEntries(ITEMS.map((item) => [item, player.amount(item)])) as Record<ItemName, number>;
  }

  /** How often each achievement was reached in this episode. */
  achievements(): Record<AchievementName, number> {
    const { achieved } = this.game.player;
    return Object.fromEntries(ACHIEVEMENTS.map((name, i) => [name, achieved[i]])) as Record<AchievementName, number>;
  }

  /** Material ids, and object ids where objects are: a new array, indexed `x * height + y`. */
  semantic(): Uint8Array {
    return this.game.world.semantic();
  }

  /** Material ids alone: a new array, indexed `x * height + y`. */
  materials(): Uint8Array {
    return this.game.world.materials.slice();
  }

  /** The world itself, for players with full knowledge and for tests. To change it is to cheat. */
  get world(): World {
    return this.game.world;
  }

  /** The player itself: see {@link world}. */
  get player(): Player {
    return this.game.player;
  }

  /** All there is to know of the episode at this moment. */
  snapshot(): State {
    const { world, player } = this.game;
    const { episode, stepCount: step, lastHealth } = this;
    return { episode, step, lastHealth, unlocked: [...this.unlockedSet], ...takeState(world, player) };
  }

  /** Goes back to a moment of this game, or of one with the same area. */
  restore(state: State): void {
    this.episode = state.episode;
    this.stepCount = state.step;
    this.lastHealth = state.lastHealth;
    this.unlockedSet.clear();
    for (const name of state.unlocked) this.unlockedSet.add(name);
    const [width, height] = this.area;
    this.current = restoreState(state, width, height);
    this.current.world.daylight = daylight(state.step);
  }
}
