/** A stream, and how much of what was printed to it nobody has taken yet. */
type Printed = Pick<NodeJS.WriteStream, 'writableLength'>;

/**
 * Ends this process when what is at hand is done, as it would end by itself a moment later: before that Node takes apart
 * all that it holds, which takes longer than to make a small target. Left to Node where somebody reads what was printed
 * more slowly than it came.
 */
export function endSoon(world: { stdout: Printed; stderr: Printed; exit(): void } = process): void {
  setImmediate(() => {
    if (world.stdout.writableLength === 0 && world.stderr.writableLength === 0) world.exit();
  });
}
