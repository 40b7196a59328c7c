/**
 * How cows, zombies, skeletons and arrows behave. Every `random.uniform()` here is drawn exactly when the line before
 * it was true, and in this order. A creature that was removed at the top of its update still finishes it: it draws,
 * bites and shoots once more, but moves no more.
 */
import { DOWN, LEFT, RIGHT, STAY, UP, opposite, stepX, stepY } from './direction.js';
import { ARROW, Entity } from './entity.js';
import { FURNACE, PATH, TABLE, contains } from './materials.js';
import type { MersenneTwister } from './mt19937.js';
import type { Player } from './player.js';
import type { World } from './world.js';

const randomDirection = (random: MersenneTwister): number => random.integer(0, 4);

/**
 * The direction from one object to another: along the longer axis, or along the other one. It is {@link STAY} if
 * there is no way to go along the axis chosen.
 */
function towards(from: Entity, to: Entity, longAxis: boolean): number {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const alongX = longAxis ? Math.abs(dx) > Math.abs(dy) : Math.abs(dx) <= Math.abs(dy);
  if (alongX) return dx === 0 ? STAY : dx < 0 ? LEFT : RIGHT;
  return dy === 0 ? STAY : dy < 0 ? UP : DOWN;
}

export function updateCow(world: World, cow: Entity): void {
  const { random } = world;
  if (cow.health <= 0) world.remove(cow);
  if (random.uniform() < 0.5) world.tryMove(cow, randomDirection(random));
}

const ZOMBIE_COOLDOWN = 5;

export function updateZombie(world: World, zombie: Entity, player: Player): void {
  const { random } = world;
  if (zombie.health <= 0) world.remove(zombie);
  if (zombie.distanceTo(player) <= 8 && random.uniform() < 0.9)
    world.tryMove(zombie, towards(zombie, player, random.uniform() < 0.8));
  else world.tryMove(zombie, randomDirection(random));
  if (zombie.distanceTo(player) > 1) return;
  if (zombie.timer > 0) zombie.timer--;
  else {
    player.hurt(player.sleeping ? 7 : 2);
    zombie.timer = ZOMBIE_COOLDOWN;
  }
}

const RELOAD_TIME = 4;

function shoot(world: World, skeleton: Entity, direction: number): void {
  if (skeleton.timer > 0 || direction === STAY) return;
  const arrow = new Entity(ARROW, skeleton.x + stepX(direction), skeleton.y + stepY(direction), direction);
  if (!world.isFree(arrow.x, arrow.y, arrow.walks)) return;
  world.add(arrow);
  skeleton.timer = RELOAD_TIME;
}

export function updateSkeleton(world: World, skeleton: Entity, player: Player): void {
  const { random } = world;
  if (skeleton.health <= 0) world.remove(skeleton);
  skeleton.timer = Math.max(0, skeleton.timer - 1);
  const distance = skeleton.distanceTo(player);
  if (distance <= 3) {
    const away = opposite(towards(skeleton, player, random.uniform() < 0.6));
    if (world.tryMove(skeleton, away)) return;
  }
  if (distance <= 5 && random.uniform() < 0.5) shoot(world, skeleton, towards(skeleton, player, true));
  else if (distance <= 8 && random.uniform() < 0.3)
    world.tryMove(skeleton, towards(skeleton, player, random.uniform() < 0.6));
  else if (random.uniform() < 0.2) world.tryMove(skeleton, randomDirection(random));
}

const ARROW_DAMAGE = 2;

export function updateArrow(world: World, arrow: Entity): void {
  const x = arrow.targetX;
  const y = arrow.targetY;
  const hit = world.entity(x, y);
  const material = world.material(x, y);
  if (hit !== null) {
    hit.hurt(ARROW_DAMAGE);
    world.remove(arrow);
  } else if (!contains(arrow.walks, material)) {
    world.remove(arrow);
    if (material === TABLE || material === FURNACE) world.setMaterial(x, y, PATH);
  } else world.move(arrow, x, y);
}
