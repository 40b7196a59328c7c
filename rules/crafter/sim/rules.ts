/** The tables of the game: actions, items, what can be collected, placed and made, and the achievements. */
import {
  COAL,
  DIAMOND,
  FURNACE,
  GRASS,
  IRON,
  LAVA,
  type MaterialSet,
  PATH,
  SAND,
  STONE,
  TABLE,
  TREE,
  WATER,
  materialSet,
} from './materials.js';

export const ACTIONS = [
  'noop',
  'move_left',
  'move_right',
  'move_up',
  'move_down',
  'do',
  'sleep',
  'place_stone',
  'place_table',
  'place_furnace',
  'place_plant',
  'make_wood_pickaxe',
  'make_stone_pickaxe',
  'make_iron_pickaxe',
  'make_wood_sword',
  'make_stone_sword',
  'make_iron_sword',
] as const;
export type ActionName = (typeof ACTIONS)[number];

/** Items in the order in which the inventory shows them. */
export const ITEMS = [
  'health',
  'food',
  'drink',
  'energy',
  'sapling',
  'wood',
  'stone',
  'coal',
  'iron',
  'diamond',
  'wood_pickaxe',
  'stone_pickaxe',
  'iron_pickaxe',
  'wood_sword',
  'stone_sword',
  'iron_sword',
] as const;
export type ItemName = (typeof ITEMS)[number];
export const MOST_OF_AN_ITEM = 9;

export const ACHIEVEMENTS = [
  'collect_coal',
  'collect_diamond',
  'collect_drink',
  'collect_iron',
  'collect_sapling',
  'collect_stone',
  'collect_wood',
  'defeat_skeleton',
  'defeat_zombie',
  'eat_cow',
  'eat_plant',
  'make_iron_pickaxe',
  'make_iron_sword',
  'make_stone_pickaxe',
  'make_stone_sword',
  'make_wood_pickaxe',
  'make_wood_sword',
  'place_furnace',
  'place_plant',
  'place_stone',
  'place_table',
  'wake_up',
] as const;
export type AchievementName = (typeof ACHIEVEMENTS)[number];

type Amounts = Readonly<Partial<Record<ItemName, number>>>;

/** `do` facing a material: what it takes, what it gives, what the cell becomes, and how likely it succeeds. */
export interface Collecting {
  readonly requires?: ItemName;
  readonly gives: ItemName;
  readonly leaves: number;
  readonly probability: number;
  readonly achievement: AchievementName;
}

/** By material id. */
export const COLLECTING: ReadonlyMap<number, Collecting> = new Map([
  [TREE, { gives: 'wood', leaves: GRASS, probability: 1, achievement: 'collect_wood' }],
  [STONE, { requires: 'wood_pickaxe', gives: 'stone', leaves: PATH, probability: 1, achievement: 'collect_stone' }],
  [COAL, { requires: 'wood_pickaxe', gives: 'coal', leaves: PATH, probability: 1, achievement: 'collect_coal' }],
  [IRON, { requires: 'stone_pickaxe', gives: 'iron', leaves: PATH, probability: 1, achievement: 'collect_iron' }],
  [
    DIAMOND,
    { requires: 'iron_pickaxe', gives: 'diamond', leaves: PATH, probability: 1, achievement: 'collect_diamond' },
  ],
  [WATER, { gives: 'drink', leaves: WATER, probability: 1, achievement: 'collect_drink' }],
  [GRASS, { gives: 'sapling', leaves: GRASS, probability: 0.1, achievement: 'collect_sapling' }],
]);

export interface Placing {
  readonly uses: Amounts;
  readonly where: MaterialSet;
  /** The material the cell becomes; absent for the plant, which is an object. */
  readonly material?: number;
  readonly achievement: AchievementName;
}

export const PLACING = {
  place_stone: {
    uses: { stone: 1 },
    where: materialSet(GRASS, SAND, PATH, WATER, LAVA),
    material: STONE,
    achievement: 'place_stone',
  },
  place_table: {
    uses: { wood: 2 },
    where: materialSet(GRASS, SAND, PATH),
    material: TABLE,
    achievement: 'place_table',
  },
  place_furnace: {
    uses: { stone: 4 },
    where: materialSet(GRASS, SAND, PATH),
    material: FURNACE,
    achievement: 'place_furnace',
  },
  place_plant: { uses: { sapling: 1 }, where: materialSet(GRASS), achievement: 'place_plant' },
} as const satisfies Partial<Record<ActionName, Placing>>;

export interface Making {
  readonly uses: Amounts;
  /** All of these must be within one cell. */
  readonly nearby: MaterialSet;
  readonly makes: ItemName;
  readonly achievement: AchievementName;
}

export const MAKING = {
  make_wood_pickaxe: {
    uses: { wood: 1 },
    nearby: materialSet(TABLE),
    makes: 'wood_pickaxe',
    achievement: 'make_wood_pickaxe',
  },
  make_stone_pickaxe: {
    uses: { wood: 1, stone: 1 },
    nearby: materialSet(TABLE),
    makes: 'stone_pickaxe',
    achievement: 'make_stone_pickaxe',
  },
  make_iron_pickaxe: {
    uses: { wood: 1, coal: 1, iron: 1 },
    nearby: materialSet(TABLE, FURNACE),
    makes: 'iron_pickaxe',
    achievement: 'make_iron_pickaxe',
  },
  make_wood_sword: {
    uses: { wood: 1 },
    nearby: materialSet(TABLE),
    makes: 'wood_sword',
    achievement: 'make_wood_sword',
  },
  make_stone_sword: {
    uses: { wood: 1, stone: 1 },
    nearby: materialSet(TABLE),
    makes: 'stone_sword',
    achievement: 'make_stone_sword',
  },
  make_iron_sword: {
    uses: { wood: 1, coal: 1, iron: 1 },
    nearby: materialSet(TABLE, FURNACE),
    makes: 'iron_sword',
    achievement: 'make_iron_sword',
  },
} as const satisfies Partial<Record<ActionName, Making>>;
