import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { acquireRunLock, sweepStages } from './run-lock.js';
import { OtherProcess, scratchLayout } from './scratch-for-tests.js';

test('the stage of a run that lives is not swept, that of one that was killed is', async (t) => {
  const layout = scratchLayout(t);
  const other = new OtherProcess(
    t,
    `const { cacheLayout } = await load('./layout.js');
     const { acquireRunLock } = await load('./run-lock.js');
     const { writeFileSync } = await import('node:fs');
     const lock = acquireRunLock(cacheLayout(${JSON.stringify(layout.root)}), 'theirs');
     writeFileSync(lock.stage + '/half', 'half');
     say(lock.stage);
     await heard();`,
  );
  const stage = await other.says();
  const own = acquireRunLock(layout, 'own');
  t.deepEqual(sweepStages(layout), []);
  t.true(existsSync(join(stage, 'half')));
  await other.kill();
  t.deepEqual(sweepStages(layout), ['theirs']);
  t.deepEqual(readdirSync(layout.stage), ['own', 'own.lock']);
  own.release();
  own.release();
  t.deepEqual(readdirSync(layout.stage), []);
  t.deepEqual(sweepStages(layout), []);
});

test('a stage without a lock is left by nobody who lives', (t) => {
  const layout = scratchLayout(t);
  mkdirSync(join(layout.stage, 'old', 'deep'), { recursive: true });
  t.deepEqual(sweepStages(layout), ['old']);
  t.deepEqual(readdirSync(layout.stage), []);
});

test('temporary files are swept when they are old, others never', (t) => {
  const layout = scratchLayout(t);
  mkdirSync(join(layout.objects, 'tmp'));
  const paths = [join(layout.objects, 'tmp', 'a-1'), join(layout.rules, '.x.tmp'), join(layout.rules, 'x.json')];
  for (const path of paths) writeFileSync(path, '');
  sweepStages(layout);
  t.deepEqual(paths.map(existsSync), [true, true, true]);
  for (const path of paths) utimesSync(path, 1000, 1000);
  sweepStages(layout);
  t.deepEqual(paths.map(existsSync), [false, false, true]);
});
