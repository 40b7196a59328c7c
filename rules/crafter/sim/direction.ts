/** Directions as small numbers, in the order in which creatures draw them. Opposites differ in the last bit. */

export const LEFT = 0;
export const RIGHT = 1;
export const UP = 2;
export const DOWN = 3;
/** No direction: where something would step towards what is already in its row or column. */
export const STAY = 4;

const X = Int8Array.of(-1, 1, 0, 0, 0);
const Y = Int8Array.of(0, 0, -1, 1, 0);

export const stepX = (direction: number): number => X[direction] as number;
export const stepY = (direction: number): number => Y[direction] as number;
export const opposite = (direction: number): number => (direction === STAY ? STAY : direction ^ 1);

/** The names that textures use. */
export const DIRECTION_NAMES = ['left', 'right', 'up', 'down'] as const;
