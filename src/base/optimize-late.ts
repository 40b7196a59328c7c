/** How much of its bytecode a function runs before V8 considers optimizing it, in bytes; and V8's own choice. */
const LATE = 1_000_000;
const USUAL = 67_584;

/**
 * Has V8 optimize what runs for long, and not what runs for a second, until what it gives is called: where many targets are
 * built, to optimize on another thread what is done for each takes a fifth of the processor time from their commands. What
 * computes for long is in hosts, which this does not concern.
 *
 * Not for small builds: code that V8 keeps compiled, Node's own too, is good for the same flags alone. Newer V8s have no
 * such flag (and say so on the terminal where it is set): they count calls.
 */
export function optimizeLate(): () => void {
  if (!process.versions.v8.startsWith('11.')) return () => undefined;
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  const set = (bytes: number): void => setFlagsFromString(`--interrupt-budget=${String(bytes)}`);
  set(LATE);
  return () => set(USUAL);
}
