/** The program of the worker thread of `Hashing`. */
import { parentPort } from 'node:worker_threads';
import { answerTo, takes, type ToHashWorker } from './hashing.js';
import { xxh64 } from './xxh64.js';

parentPort?.on('message', (message: ToHashWorker) => {
  void xxh64().then((xxhash) => {
    if (takes(message.claim)) parentPort?.postMessage(answerTo(message, xxhash));
  });
});
