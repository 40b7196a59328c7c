import { Writable } from 'node:stream';
import { currentTask, type RunningTask } from './running-task.js';

/**
 * Makes `process.stdout`, `process.stderr` and with them `console` speak for the running task. Real output, which only
 * native code and child processes still make, arrives at the pool through the pipes.
 */
export function captureOutput(anyTask: () => RunningTask | undefined): void {
  const streams = { stdout: 'out', stderr: 'err' } as const;
  for (const [name, stream] of Object.entries(streams)) {
    const writable = new Writable({
      decodeStrings: false,
      write(chunk: Uint8Array | string, _encoding, done) {
        (currentTask.getStore() ?? anyTask())?.write(stream, chunk);
        done();
      },
    });
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => writable });
  }
}

/** A rule that ends the process would take its host along, without a word. */
export function forbidExit(): void {
  process.exit = (code?: number | string | null): never => {
    throw new Error(`process.exit(${String(code ?? '')}) was called: throw an error instead`);
  };
}
