#!/usr/bin/env node
import { existsSync, writeSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { loadScript } from '../base/code-cache.js';
import { freshLine } from '../plan/fresh-line.js';
import { compareSnapshot, type ComparedSnapshot } from '../plan/snapshot-compare.js';
import { snapshotSuffix } from '../plan/snapshot-format.js';
import type * as Changed from './changed.js';
import { endSoon } from './end-soon.js';
import type * as Main from './main.js';
import { plainBuild, type PlainBuild } from './fast-words.js';

/**
 * Ends a build that has nothing to do before anything else is loaded, and hands one of which little has changed to what is
 * quick at that; every other command line goes to main. Imports only modules that import nothing but Node's own: it is
 * one small CommonJS file.
 */
async function start(): Promise<void> {
  const before = process.cwd();
  const plain = plainBuild(process.argv.slice(2));
  const compared = plain === undefined ? undefined : compare(plain);
  if (plain !== undefined && compared !== undefined) {
    if (compared.changed.length === 0) {
      if (plain.quiet || print(`${freshLine(compared.targets)}\n`)) return;
    } else if (compared.plan !== 0 && (await buildWhatChanged(plain, compared))) {
      endSoon();
      return;
    }
  }
  process.chdir(before);
  await runMain(plain);
  endSoon();
}

/** Where the command line does not tell the project's folder so simply, it is most often this one. */
async function runMain(plain: PlainBuild | undefined): Promise<void> {
  const cache = plain === undefined ? resolve('cache') : cacheOf(plain);
  const script = loadScript(join(__dirname, 'main.cjs'), cache, module.require.bind(module));
  await (script.exports as typeof Main).main(process.argv.slice(2));
  // A folder of that name may be somebody else's.
  if (existsSync(join(cache, 'CACHEDIR.TAG')) && existsSync(join(cache, 'index.db'))) script.keep();
}

function cacheOf({ directory, file }: PlainBuild): string {
  return join(dirname(resolve(directory, file)), 'cache');
}

/** By a script like this one, because the loader of modules alone takes longer to start. */
async function buildWhatChanged(plain: PlainBuild, compared: ComparedSnapshot): Promise<boolean> {
  const cache = join(dirname(resolve(plain.file)), 'cache');
  const script = loadScript(join(__dirname, 'changed.cjs'), cache, module.require.bind(module));
  const done = await (script.exports as typeof Changed).buildWhatChanged(plain, compared);
  if (done) script.keep();
  return done;
}

function compare(plain: PlainBuild): ComparedSnapshot | undefined {
  try {
    process.chdir(plain.directory);
    const path = resolve(plain.file);
    const identity = { root: dirname(path), file: basename(path), words: plain.words, program: __dirname };
    return compareSnapshot(join(identity.root, 'cache', `snapshot${snapshotSuffix(identity)}`), identity, process.env);
  } catch {
    // A folder that is not there: main says what is the matter.
    return undefined;
  }
}

/**
 * Without process.stdout, whose streams take longer to load than the whole check. False where somebody should be told that
 * it could not be done: main does.
 */
function print(text: string): boolean {
  try {
    writeSync(1, text);
    return true;
  } catch (error) {
    // Of a closed pipe nobody is there to be told.
    return (error as NodeJS.ErrnoException).code === 'EPIPE';
  }
}

void start();
