import { read } from 'node:fs';

const PIECE = 1 << 20;

/**
 * Reads an open file in pieces of 1 MiB, the last one shorter: the next on another thread, while the caller works on one.
 * Each is valid until the next is asked for. The file is to be closed once this has ended.
 */
export async function* piecesAhead(file: number): AsyncGenerator<Buffer, void, undefined> {
  let [at, next] = [Buffer.allocUnsafeSlow(PIECE), Buffer.allocUnsafeSlow(PIECE)] as const;
  let reading = readFully(file, at, 0);
  try {
    for (let position = 0; ;) {
      const count = await reading;
      if (count === 0) return;
      position += count;
      reading = readFully(file, next, position);
      // Whoever asks for the next hears of it.
      reading.catch(() => undefined);
      yield at.subarray(0, count);
      [at, next] = [next, at];
    }
  } finally {
    await reading.catch(() => undefined);
  }
}

/** A single read may give fewer bytes than there are. */
async function readFully(file: number, buffer: Buffer, position: number): Promise<number> {
  let used = 0;
  while (used < buffer.length) {
    const count = await readAt(file, buffer.subarray(used), position + used);
    if (count === 0) break;
    used += count;
  }
  return used;
}

function readAt(file: number, buffer: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, buffer, 0, buffer.length, position, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
