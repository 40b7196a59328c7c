/** Where in the memory of the kernel what is. */

/**
 * The wanted paths as a tree, 16 bytes a node: its first edge, how many edges it has, the node of the items of a list, and
 * by which number a value there is told of, 0 for none. All of node 0 is 0: nothing below it is wanted. Node 1 is the row.
 */
export const NODES: usize = 1024;
export const MOST_NODES: usize = 128;
/** From an object's node to those of members, 12 bytes each: where the key is, how long it is, and the member's node. */
export const EDGES: usize = NODES + 16 * MOST_NODES;
export const KEY_TEXT: usize = EDGES + 12 * MOST_NODES;
export const MOST_KEY_TEXT: usize = 4096;
/** By depth of what is open, 12 bytes each: from where on its keys lie in `KEYS`, or `LIST`; its node; where it begins. */
export const FRAMES: usize = KEY_TEXT + MOST_KEY_TEXT;
export const MOST_DEPTH: usize = 500;
/** Where the keys of all open objects begin, and how long they are: 8 bytes each. */
export const KEYS: usize = FRAMES + 12 * (MOST_DEPTH + 1);
export const MOST_KEYS: usize = 4096;
/**
 * Rows alike that follow each other, 16 bytes each: which flags they have, a bit for each path from that of number 1 on,
 * where they begin, where the next begins, and how many they are.
 */
export const RUNS: usize = 49152;
export const RUNS_END: usize = 65536;
/**
 * What is told of, 12 bytes each: the number of the path, and where the value begins and ends; in the order in which the
 * values end. Number 0 is a row, after its values.
 */
export const TOLD: usize = 65536;
export const TOLD_END: usize = TOLD + 12 * 16384;
/**
 * The scalars and empty lists and objects in the row that others are compared with, 16 bytes each: its node, where it
 * begins and ends, and how many lists and objects it is in.
 */
export const VALUES: usize = TOLD_END;
export const MOST_VALUES: usize = 4000;
export const VALUES_END: usize = VALUES + 16 * MOST_VALUES;
export const TEXT: usize = 65536 * 5;
