import { DOWN, LEFT, RIGHT, UP } from './direction.js';
import { COW, Entity, PLANT, PLAYER, SKELETON, ZOMBIE } from './entity.js';
import { LAVA, WATER } from './materials.js';
import { isRipe } from './plant.js';
import {
  ACHIEVEMENTS,
  type AchievementName,
  type ActionName,
  COLLECTING,
  ITEMS,
  type ItemName,
  MAKING,
  MOST_OF_AN_ITEM,
  type Making,
  PLACING,
  type Placing,
} from './rules.js';
import type { World } from './world.js';

const MOVES = { move_left: LEFT, move_right: RIGHT, move_up: UP, move_down: DOWN } as const;

const ITEM_INDEX = new Map<ItemName, number>(ITEMS.map((name, index) => [name, index]));
const itemIndex = (item: ItemName): number => ITEM_INDEX.get(item) as number;
const HEALTH = itemIndex('health');
const FOOD = itemIndex('food');
const DRINK = itemIndex('drink');
const ENERGY = itemIndex('energy');
const ACHIEVEMENT_INDEX = new Map<AchievementName, number>(ACHIEVEMENTS.map((name, index) => [name, index]));

/** The player: an object that carries things, gets hungry, thirsty and tired, and does what it is told. */
export class Player extends Entity {
  action: ActionName = 'noop';
  sleeping = false;
  /** Amounts by item. Health has a place here too, but lives in the body: see {@link amount}. */
  readonly items = new Int32Array(ITEMS.length);
  /** How often each achievement was reached. */
  readonly achieved = new Int32Array(ACHIEVEMENTS.length);
  // Counters that turn into a point of food, drink, energy or health when they run over.
  hunger = 0;
  thirst = 0;
  fatigue = 0;
  recover = 0;
  /** Health at the end of the last update: a sleeper who lost some wakes up. */
  lastHealth: number;

  constructor(x: number, y: number) {
    super(PLAYER, x, y, DOWN);
    this.lastHealth = this.health;
    for (const item of [FOOD, DRINK, ENERGY]) this.items[item] = MOST_OF_AN_ITEM;
  }

  amount(item: ItemName): number {
    return this.amountAt(itemIndex(item));
  }

  /** The amount of item number `index` of {@link ITEMS}. */
  amountAt(index: number): number {
    return index === HEALTH ? this.health : (this.items[index] as number);
  }

  private add(item: ItemName, amount: number): void {
    const index = itemIndex(item);
    this.items[index] = (this.items[index] as number) + amount;
  }

  private has(amounts: Placing['uses']): boolean {
    for (const item in amounts) if (this.amount(item as ItemName) < (amounts[item as ItemName] ?? 0)) return false;
    return true;
  }

  private spend(amounts: Placing['uses']): void {
    for (const item in amounts) this.add(item as ItemName, -(amounts[item as ItemName] ?? 0));
  }

  private achieve(name: AchievementName): void {
    const index = ACHIEVEMENT_INDEX.get(name) as number;
    this.achieved[index] = (this.achieved[index] as number) + 1;
  }

  update(world: World): void {
    this.act(world);
    this.live();
    this.heal();
    for (let i = FOOD; i < this.items.length; i++)
      this.items[i] = Math.min(Math.max(this.items[i] as number, 0), MOST_OF_AN_ITEM);
    this.health = Math.min(this.health, MOST_OF_AN_ITEM);
    if (this.health < this.lastHealth) this.sleeping = false;
    this.lastHealth = this.health;
  }

  private act(world: World): void {
    const x = this.targetX;
    const y = this.targetY;
    let { action } = this;
    if (this.sleeping) {
      if (this.amount('energy') < MOST_OF_AN_ITEM) action = 'sleep';
      else {
        this.sleeping = false;
        this.achieve('wake_up');
      }
    }
    switch (action) {
      case 'noop':
        break;
      case 'move_left':
      case 'move_right':
      case 'move_up':
      case 'move_down':
        this.facing = MOVES[action];
        world.tryMove(this, this.facing);
        if (world.material(this.x, this.y) === LAVA) this.health = 0;
        break;
      case 'do': {
        const object = world.entity(x, y);
        if (object === null) this.collect(world, x, y);
        else this.interact(object);
        break;
      }
      case 'sleep':
        if (this.amount('energy') < MOST_OF_AN_ITEM) this.sleeping = true;
        break;
      case 'place_stone':
      case 'place_table':
      case 'place_furnace':
      case 'place_plant':
        this.place(world, PLACING[action], x, y);
        break;
      default:
        this.make(world, MAKING[action]);
    }
  }

  private get damage(): number {
    if (this.amount('iron_sword') > 0) return 5;
    if (this.amount('stone_sword') > 0) return 3;
    return this.amount('wood_sword') > 0 ? 2 : 1;
  }

  private interact(object: Entity): void {
    switch (object.kind) {
      case PLANT:
        if (!isRipe(object)) return;
        object.timer = 0;
        this.add('food', 4);
        this.achieve('eat_plant');
        return;
      case ZOMBIE:
        object.hurt(this.damage);
        if (object.health <= 0) this.achieve('defeat_zombie');
        return;
      case SKELETON:
        object.hurt(this.damage);
        if (object.health <= 0) this.achieve('defeat_skeleton');
        return;
      case COW:
        object.hurt(this.damage);
        if (object.health > 0) return;
        this.add('food', 6);
        this.achieve('eat_cow');
        this.hunger = 0;
    }
  }

  private collect(world: World, x: number, y: number): void {
    const material = world.material(x, y);
    if (material === WATER) this.thirst = 0;
    const collecting = COLLECTING.get(material);
    if (collecting === undefined) return;
    if (collecting.requires !== undefined && this.amount(collecting.requires) < 1) return;
    world.setMaterial(x, y, collecting.leaves);
    // Drawn even where success is certain.
    if (world.random.uniform() > collecting.probability) return;
    this.add(collecting.gives, 1);
    this.achieve(collecting.achievement);
  }

  private place(world: World, placing: Placing, x: number, y: number): void {
    if (!world.isFree(x, y, placing.where) || !this.has(placing.uses)) return;
    this.spend(placing.uses);
    if (placing.material === undefined) world.add(new Entity(PLANT, x, y, DOWN));
    else world.setMaterial(x, y, placing.material);
    this.achieve(placing.achievement);
  }

  private make(world: World, making: Making): void {
    const near = world.nearby(this.x, this.y, 1);
    if ((making.nearby & ~near) !== 0 || !this.has(making.uses)) return;
    this.spend(making.uses);
    this.add(making.makes, 1);
    this.achieve(making.achievement);
  }

  /** Hunger, thirst and tiredness. Asleep one needs half as much and recovers energy. */
  private live(): void {
    const pace = this.sleeping ? 0.5 : 1;
    this.hunger += pace;
    if (this.hunger > 25) {
      this.hunger = 0;
      this.add('food', -1);
    }
    this.thirst += pace;
    if (this.thirst > 20) {
      this.thirst = 0;
      this.add('drink', -1);
    }
    this.fatigue = this.sleeping ? Math.min(this.fatigue - 1, 0) : this.fatigue + 1;
    if (this.fatigue < -10) {
      this.fatigue = 0;
      this.add('energy', 1);
    }
    if (this.fatigue > 30) {
      this.fatigue = 0;
      this.add('energy', -1);
    }
  }

  /** Health recovers while nothing is missing (twice as fast asleep) and falls otherwise. */
  private heal(): void {
    const content = this.amount('food') > 0 && this.amount('drink') > 0 && (this.amount('energy') > 0 || this.sleeping);
    if (content) this.recover += this.sleeping ? 2 : 1;
    else this.recover -= this.sleeping ? 0.5 : 1;
    if (this.recover > 25) {
      this.recover = 0;
      this.health += 1;
    }
    if (this.recover < -15) {
      this.recover = 0;
      this.hurt(1);
    }
  }
}
