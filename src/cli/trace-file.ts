import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { Timeline } from '../base/timeline.js';
import { cliErrors } from '../diagnostics/cli.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import type { EventListener } from '../execute/events.js';
import type { TraceWriter } from '../render/trace.js';

/** With what every trace begins: a file that does not is not overwritten. */
const HEAD = '[\n{"ph":"M"';
/** So much is gathered before it is written. */
const CHUNK = 64 * 1024;

export interface Trace {
  readonly timeline: Timeline;
  /** Also tells the trace what it tells `listener`. */
  tee(listener: EventListener): EventListener;
  close(): void;
}

/**
 * Begins a trace file. Whatever ends the process by its own doing completes the file.
 *
 * @throws UserFacingError where it cannot be written, or something else stands there.
 */
export async function openTrace(path: string): Promise<Trace> {
  const { TraceWriter } = await import('../render/trace.js');
  const file = new TraceFile(path);
  const writer: TraceWriter = new TraceWriter(file);
  const close = (): void => {
    process.off('exit', close);
    writer.close();
    file.close();
  };
  process.on('exit', close);
  return {
    timeline: new Timeline(writer.onTimeline),
    tee: (listener) => (event) => {
      writer.onBuild(event);
      listener(event);
    },
    close,
  };
}

class TraceFile {
  readonly #fd: number;
  #text = '';
  #isOpen = true;

  constructor(path: string) {
    this.#fd = open(path);
  }

  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= CHUNK) this.#flush();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#flush();
    this.#isOpen = false;
    closeSync(this.#fd);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
    } catch {
      // A full disk: the build is worth more than its trace, which ends here.
    }
  }
}

function open(path: string): number {
  try {
    const before = openSync(path, 'a+');
    try {
      const head = Buffer.alloc(HEAD.length);
      const length = readSync(before, head, 0, head.length, 0);
      if (length > 0 && head.toString('latin1', 0, length) !== HEAD) throw new UserFacingError(cliErrors.noTrace(path));
    } finally {
      closeSync(before);
    }
    return openSync(path, 'w');
  } catch (error) {
    if (error instanceof UserFacingError) throw error;
    throw new UserFacingError(
      cliErrors.traceUnwritable({ path, message: error instanceof Error ? error.message : String(error) }),
    );
  }
}
