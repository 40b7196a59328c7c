const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let handler: (() => void) | undefined;
const dispatch = (): void => handler?.();

/** Has Ctrl-C, a polite kill and a closed terminal do this, until the function returned is called: then what they did before. */
export function onInterrupt(handle: () => void): () => void {
  const before = handler;
  handler = handle;
  if (before === undefined) for (const signal of SIGNALS) process.on(signal, dispatch);
  return () => {
    handler = before;
    if (before === undefined) for (const signal of SIGNALS) process.off(signal, dispatch);
  };
}
