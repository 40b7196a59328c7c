/** The program of a worker thread that digests a database with another thread: see `DatabaseDigesting`. */
import { parentPort, workerData } from 'node:worker_threads';
import { takeStretch, type DatabaseWork, type FromDatabaseWorker } from './database-thread.js';
import { PageWindow } from './page-window.js';
import { readPages } from './sqlite-pages.js';
import { StretchDigester } from './table-stretch.js';

async function work(): Promise<void> {
  const given = workerData as DatabaseWork;
  const { file, layout, stretches, shortRows, tables } = given;
  if (tables !== undefined) say({ pages: await readPages(file, tables) });
  const digester = new StretchDigester(new PageWindow(file, layout), shortRows);
  for (let stretch = takeStretch(given); stretch !== undefined; stretch = takeStretch(given)) {
    const steps = digester.digest(stretches[stretch] as (typeof stretches)[number]);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    say(
      { stretch, digest: step.value },
      step.value?.shortRows.map(({ bytes }) => bytes.buffer),
    );
  }
  say('done');
}

function say(message: FromDatabaseWorker, given: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, given);
}

void work();
