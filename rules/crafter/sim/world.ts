import { CHUNK_SIZE, Chunk } from './chunk.js';
import { stepX, stepY } from './direction.js';
import type { Entity } from './entity.js';
import { type MaterialSet, NOTHING, contains } from './materials.js';
import type { MersenneTwister } from './mt19937.js';

/**
 * The map and what is on it. Maps are indexed `x * height + y`. At most one object stands in a cell. Chunks keep
 * counts of their cells and members, so that balancing reads no map.
 */
export class World {
  readonly materials: Uint8Array;
  /** Chunks in the order in which an object first entered them: the order of balancing. */
  readonly visitedChunks: Chunk[] = [];
  daylight = 0;

  private readonly chunks: Chunk[] = [];
  private readonly chunkRows: number;
  private readonly occupants: (Entity | null)[];
  private readonly all: Entity[] = [];
  private anyRemoved = false;

  constructor(
    readonly width: number,
    readonly height: number,
    /** The episode's random numbers: world, creatures, balance and night frames all draw from it. */
    readonly random: MersenneTwister,
  ) {
    this.materials = new Uint8Array(width * height);
    this.occupants = new Array<Entity | null>(width * height).fill(null);
    this.chunkRows = Math.ceil(height / CHUNK_SIZE);
    for (let x = 0; x < width; x += CHUNK_SIZE)
      for (let y = 0; y < height; y += CHUNK_SIZE) {
        const chunk = new Chunk(x, y, Math.min(x + CHUNK_SIZE, width), Math.min(y + CHUNK_SIZE, height));
        chunk.cells[NOTHING] = (chunk.xMax - x) * (chunk.yMax - y);
        this.chunks.push(chunk);
      }
  }

  isInside(x: number, y: number): boolean {
    return x >= 0 && y >= 0 && x < this.width && y < this.height;
  }

  /** The material of a cell, {@link NOTHING} outside the world. */
  material(x: number, y: number): number {
    return this.isInside(x, y) ? (this.materials[x * this.height + y] as number) : NOTHING;
  }

  setMaterial(x: number, y: number, material: number): void {
    const cell = x * this.height + y;
    const { cells } = this.chunkAt(x, y);
    const before = this.materials[cell] as number;
    cells[before] = (cells[before] as number) - 1;
    cells[material] = (cells[material] as number) + 1;
    this.materials[cell] = material;
  }

  /** The object in a cell, if there is one. */
  entity(x: number, y: number): Entity | null {
    return this.isInside(x, y) ? (this.occupants[x * this.height + y] as Entity | null) : null;
  }

  /**
   * The objects in order of creation; the player is the first. Reading this closes the gaps that removed ones left:
   * whoever walks the list while objects come and go reads it once, before.
   */
  get entities(): readonly Entity[] {
    if (this.anyRemoved) {
      let kept = 0;
      for (const entity of this.all) if (!entity.removed) this.all[kept++] = entity;
      this.all.length = kept;
      this.anyRemoved = false;
    }
    return this.all;
  }

  private chunkAt(x: number, y: number): Chunk {
    return this.chunks[Math.floor(x / CHUNK_SIZE) * this.chunkRows + Math.floor(y / CHUNK_SIZE)] as Chunk;
  }

  private enter(chunk: Chunk, entity: Entity): void {
    if (!chunk.visited) {
      chunk.visited = true;
      this.visitedChunks.push(chunk);
    }
    chunk.enter(entity);
  }

  add(entity: Entity): void {
    this.all.push(entity);
    this.occupants[entity.x * this.height + entity.y] = entity;
    this.enter(this.chunkAt(entity.x, entity.y), entity);
  }

  /**
   * Puts the objects of a snapshot into an empty world: `entities` in order of creation, `visited` the chunks (by one
   * of their cells) in order of their first visit, each with its members in order of entry.
   */
  restoreObjects(
    entities: readonly Entity[],
    visited: readonly { readonly x: number; readonly y: number; readonly members: readonly Entity[] }[],
  ): void {
    for (const { x, y, members } of visited) {
      const chunk = this.chunkAt(x, y);
      chunk.visited = true;
      this.visitedChunks.push(chunk);
      for (const entity of members) chunk.enter(entity);
    }
    for (const entity of entities) {
      this.all.push(entity);
      this.occupants[entity.x * this.height + entity.y] = entity;
    }
  }

  remove(entity: Entity): void {
    if (entity.removed) return;
    entity.removed = true;
    this.anyRemoved = true;
    this.occupants[entity.x * this.height + entity.y] = null;
    entity.chunk?.leave(entity);
  }

  /** Puts an object elsewhere; one that was removed stays where it was. */
  move(entity: Entity, x: number, y: number): void {
    if (entity.removed) return;
    this.occupants[entity.x * this.height + entity.y] = null;
    this.occupants[x * this.height + y] = entity;
    entity.x = x;
    entity.y = y;
    const chunk = this.chunkAt(x, y);
    if (chunk === entity.chunk) return;
    entity.chunk?.leave(entity);
    this.enter(chunk, entity);
  }

  /** Whether a cell is inside the world, empty, and of one of these materials. */
  isFree(x: number, y: number, materials: MaterialSet): boolean {
    return contains(materials, this.material(x, y)) && this.entity(x, y) === null;
  }

  /**
   * Moves an object a step if it can go there. The answer is whether it could: true too for an object that was
   * removed, though that does not move any more. With no direction the cell asked about is its own.
   */
  tryMove(entity: Entity, direction: number): boolean {
    const x = entity.x + stepX(direction);
    const y = entity.y + stepY(direction);
    if (!this.isFree(x, y, entity.walks)) return false;
    this.move(entity, x, y);
    return true;
  }

  /**
   * The materials within `reach` cells of a place, diagonals included. The game's quirk: a square that sticks out of
   * the world at the left or at the top counts as empty; at the right and at the bottom it is cut off.
   */
  nearby(x: number, y: number, reach: number): MaterialSet {
    if (x < reach || y < reach) return 0;
    let set: MaterialSet = 0;
    for (let i = x - reach; i <= x + reach; i++)
      for (let j = y - reach; j <= y + reach; j++) {
        const material = this.material(i, j);
        if (material !== NOTHING) set |= 1 << material;
      }
    return set;
  }

  /** Material ids, and the kinds of the objects where there are any. */
  semantic(): Uint8Array {
    const map = this.materials.slice();
    for (const { x, y, kind } of this.entities) map[x * this.height + y] = kind;
    return map;
  }
}
