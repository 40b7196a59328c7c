/** The program of the worker thread of `Hashing`. */
import { parentPort } from 'node:worker_threads';
import { hashHere, takes, type FromHashWorker, type ToHashWorker } from './hashing.js';
import { xxh64 } from './xxh64.js';

parentPort?.on('message', ({ id, batch, claim }: ToHashWorker) => {
  void xxh64().then((xxhash) => {
    if (takes(claim)) parentPort?.postMessage({ id, hashed: hashHere(batch, xxhash) } satisfies FromHashWorker);
  });
});
