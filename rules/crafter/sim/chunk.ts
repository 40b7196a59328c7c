import { type Entity, PLANT, PLAYER } from './entity.js';
import { MATERIALS } from './materials.js';

/** Cells a side; the last chunk of a row or column may be smaller. */
export const CHUNK_SIZE = 12;

/** Kinds of objects, counted from the first. */
const KINDS = PLANT - PLAYER + 1;

/** A square of the world in which the number of creatures is kept in balance. */
export class Chunk {
  /** Objects in the order in which they entered: the order that despawning counts in. */
  readonly members: Entity[] = [];
  private readonly counts = new Int32Array(KINDS);
  /** How many cells there are of each material. */
  readonly cells = new Int32Array(MATERIALS.length);
  /** Whether an object was ever in it: only such chunks are balanced. */
  visited = false;

  /** Cells from (xMin, yMin) up to but without (xMax, yMax). */
  constructor(
    readonly xMin: number,
    readonly yMin: number,
    readonly xMax: number,
    readonly yMax: number,
  ) {}

  enter(entity: Entity): void {
    this.members.push(entity);
    this.count(entity.kind, 1);
    entity.chunk = this;
  }

  leave(entity: Entity): void {
    this.members.splice(this.members.indexOf(entity), 1);
    this.count(entity.kind, -1);
    entity.chunk = null;
  }

  private count(kind: number, change: number): void {
    this.counts[kind - PLAYER] = (this.counts[kind - PLAYER] as number) + change;
  }

  /** How many members there are of a kind. */
  population(kind: number): number {
    return this.counts[kind - PLAYER] as number;
  }

  /** The `n`th member of a kind. */
  creature(kind: number, n: number): Entity | undefined {
    let left = n;
    for (const entity of this.members) if (entity.kind === kind && left-- === 0) return entity;
    return undefined;
  }
}
