/** The noise that land is made of, in layers. */
import { FullNoiseTable, NoiseMemory, NoiseTable, type Point } from './noise-table.js';
import { Gradients, noise } from './simplex.js';

/** Where in the noise a layer reads for a cell. */
type Layer = (x: number, y: number) => Point;

/** A layer of noise at height `z` whose features are about `size` cells wide. */
const layer =
  (z: number, size: number): Layer =>
  (x, y) => [x / size, y / size, z];

const LAYERS = {
  start: layer(8, 3),
  waterWide: layer(3, 15),
  waterFine: layer(3, 5),
  mountainWide: layer(0, 15),
  mountainFine: layer(0, 5),
  beach: layer(4, 9),
  forest: layer(5, 7),
  cave: layer(6, 7),
  tunnelX: (x, y) => [(2 * x) / 3, y / 5 / 3, 7],
  tunnelY: (x, y) => [x / 5 / 3, (2 * y) / 3, 7],
  coal: layer(1, 8),
  iron: layer(2, 6),
  lava: layer(6, 5),
} as const satisfies Record<string, Layer>;
type LayerName = keyof typeof LAYERS;

/** The layers that nearly every cell asks for: they are worked out for all cells at once. */
const ASKED_ALWAYS: ReadonlySet<string> = new Set<LayerName>([
  'start',
  'waterWide',
  'waterFine',
  'mountainWide',
  'mountainFine',
]);

/** Reads a layer's noise at the cell numbered `x * height + y`. */
interface Readable {
  at(cell: number): number;
}

/** Tables take about 250 bytes a cell and layer: larger worlds work the geometry out each time. */
const LARGEST_TABLE = 128 * 128;
/** How many sizes of world keep their tables. */
const AREAS_KEPT = 2;

/** The layers of an area. What does not depend on the seed is kept from world to world. */
export class Landscape {
  private static readonly kept = new Map<string, Landscape>();
  readonly layers: Readonly<Record<LayerName, Readable>>;
  private readonly memory: NoiseMemory | undefined;
  private readonly full: FullNoiseTable[] = [];
  private gradients: Gradients | undefined;

  private constructor(
    private readonly width: number,
    private readonly height: number,
  ) {
    if (width * height <= LARGEST_TABLE) this.memory = new NoiseMemory();
    this.layers = Object.fromEntries(
      Object.entries(LAYERS).map(([name, where]) => [name, this.readable(name, where)]),
    ) as Landscape['layers'];
  }

  /** The landscape of worlds of this size, to be used until the next one is asked for. */
  static of(width: number, height: number, seed: bigint): Landscape {
    const { kept } = this;
    const key = `${width}x${height}`;
    const landscape = kept.get(key) ?? new Landscape(width, height);
    kept.delete(key);
    kept.set(key, landscape);
    for (const oldest of kept.keys()) {
      if (kept.size <= AREAS_KEPT) break;
      kept.delete(oldest);
    }
    landscape.seed(seed);
    return landscape;
  }

  private seed(seed: bigint): void {
    if (this.memory === undefined) this.gradients = new Gradients(seed);
    this.memory?.seed(seed);
    for (const table of this.full) table.fill();
  }

  private readable(name: string, where: Layer): Readable {
    const { memory, width, height } = this;
    const pointAt = (cell: number): Point => where(Math.floor(cell / height), cell % height);
    if (memory === undefined)
      return {
        at: (cell) => (this.gradients === undefined ? Number.NaN : noise(this.gradients, ...pointAt(cell))),
      };
    if (!ASKED_ALWAYS.has(name)) return new NoiseTable(memory, width * height, pointAt);
    const table = new FullNoiseTable(memory, width * height, pointAt);
    this.full.push(table);
    return table;
  }
}
