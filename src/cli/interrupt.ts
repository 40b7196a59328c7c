import { EXIT } from '../diagnostics/diagnostic.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let handler: (() => void) | undefined;
const dispatch = (): void => handler?.();

/**
 * Has Ctrl-C, a polite kill and a closed terminal do this, until the function returned is called: then what they did
 * before.
 */
export function onInterrupt(handle: () => void): () => void {
  const before = handler;
  handler = handle;
  if (before === undefined) for (const signal of SIGNALS) process.on(signal, dispatch);
  return () => {
    handler = before;
    if (before === undefined) for (const signal of SIGNALS) process.off(signal, dispatch);
  };
}

/**
 * Runs something that the first Ctrl-C asks to end. The second one does not wait for anything: what is finished is
 * recorded, locks are the kernel's.
 */
export async function withInterrupt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const letGo = onInterrupt(() => {
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    interrupt.abort();
  });
  try {
    return await work(interrupt.signal);
  } finally {
    letGo();
  }
}
