const endings = new Set<() => void>();

/**
 * Calls `end` when this process ends by its own doing, unless it was called off before: with what this gives. One listener
 * for all, because any number of pools and projects may be open at once, and Node takes more than ten for a leak.
 */
export function atExit(end: () => void): () => void {
  if (endings.size === 0) process.on('exit', endAll);
  endings.add(end);
  return () => {
    endings.delete(end);
    if (endings.size === 0) process.off('exit', endAll);
  };
}

function endAll(): void {
  for (const end of endings) end();
}
