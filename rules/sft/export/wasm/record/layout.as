/** Where what is in the memory of the kernel, and what it may hold; the forms of strings. */

const LENGTH: usize = 4 << 20;
export const TEXT: usize = 65536;
export const MOST: usize = LENGTH;
/** The recorded text of the reply, without its escapes. */
export const SPEECH: usize = TEXT + LENGTH + 64;
/** Lists and objects: length, that of one that was seen once, and from 16 on their bytes. 4096 bytes each, 16 of them. */
export const VALUES: usize = SPEECH + LENGTH + 64;
export const VALUE_SLOT: usize = 4096;
export const VALUE_SHIFT: u64 = 60;
export const LEAST_VALUE: usize = 96;
export const MOST_VALUE: usize = VALUE_SLOT - 16;
export const OUT: usize = VALUES + 16 * VALUE_SLOT;
/** Here a row may begin: up to there no list of messages reaches `END`, because none is twice as long as the record. */
export const MOST_OUT: usize = 1 << 19;
export const END: usize = OUT + MOST_OUT + 2 * LENGTH + (1 << 20);

/** Six numbers of 4 bytes: where what is written ends, whether a user has an image, where output_text and output_tool_calls are. */
export const RESULT: usize = 8192;
/** By depth, what closes the value that is passed: a byte each. And where it begins: 4 bytes each. */
export const FRAMES: usize = RESULT + 64;
export const MOST_DEPTH: usize = 480;
export const BEGINS: usize = FRAMES + 512;
/** Strings of the record that are not short: where they begin and end, their form, and `records` then. 16 bytes each. */
export const STRINGS: usize = BEGINS + 2048;
export const STRING_SHIFT: u64 = 58;
/** A shorter one is as soon passed as compared. */
export const LEAST_STRING: usize = 48;
/** Of a message: where each segment's string begins and ends, and what it is: 12 bytes each. */
export const SEGMENTS: usize = 16384;
export const MOST_SEGMENTS: usize = 1024;
/** Of a reply's tool calls: where id, name and arguments begin and end, and their forms: 36 bytes each. */
export const TOOL_CALLS: usize = 32768;
export const MOST_TOOL_CALLS: usize = 256;
/** Runs of members that are null: length, what is in them, and from 16 on their bytes. 512 bytes each, 32 of them. */
export const RUNS: usize = 45056;
export const RUN_SLOT: usize = 512;
export const RUN_SHIFT: u64 = 59;
/** Of the end of a row: what stands before its turn, and what behind it. */
export const BEFORE: usize = RUNS + 32 * RUN_SLOT;
export const MOST_BEFORE: usize = 1024;
export const BEHIND: usize = BEFORE + MOST_BEFORE;
export const MOST_BEHIND: usize = 3072;
export const LEAST_RUN: usize = 48;
export const MOST_RUN: usize = RUN_SLOT - 16;
// What a run is in, and whether a part's `text` or `uri` is in it.
export const IN_PART: u32 = 1;
export const IN_RECORD: u32 = 2;
export const HAS_TEXT: u32 = 4;
export const HAS_URI: u32 = 8;
/** Longer numbers are left to who asks. */
export const MOST_DIGITS: usize = 1000;

// What a string's escapes do to the way it is written.
export const PLAIN: u32 = 0;
/** It may be copied as it stands. */
export const ESCAPED: u32 = 1;
/** It must be decoded to be written. */
export const RECODED: u32 = 2;

export const IMAGE: u32 = 4;
