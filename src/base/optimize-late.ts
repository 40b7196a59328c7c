/** How much of its bytecode a function runs before V8 considers optimizing it, in bytes; and V8's own choice. */
const BUDGET = { reading: 300_000, building: 1_000_000, listing: 3_000_000 } as const;
const USUAL = 67_584;

let isLate = false;

/**
 * Has V8 optimize what runs for long, and not what runs for a second, until `optimizeAsUsual`: where many targets are
 * read, optimizing is a third of the processor time, and waits for the thread that reads; where they are built, to optimize
 * on another thread what is done for each takes a fifth of the processor time from their commands; where a host lists
 * 10,000 parts, a quarter of it went into code that was then run for some milliseconds. What computes for long in hosts is
 * making, which this does not concern.
 *
 * Not for small builds: code that V8 keeps compiled, Node's own too, is good for the same flags alone. Newer V8s have no
 * such flag (and say so on the terminal where it is set): they count calls.
 */
export function optimizeLate(work: keyof typeof BUDGET): void {
  if (!process.versions.v8.startsWith('11.')) return;
  isLate = true;
  setBudget(BUDGET[work]);
}

/** Also before what V8 compiled is kept: with the flags that it is then used with. */
export function optimizeAsUsual(): void {
  if (isLate) setBudget(USUAL);
  isLate = false;
}

function setBudget(bytes: number): void {
  process.getBuiltinModule('node:v8').setFlagsFromString(`--interrupt-budget=${String(bytes)}`);
}
