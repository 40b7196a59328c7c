#!/usr/bin/env node
import { writeSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { freshLine } from '../plan/fresh-line.js';
import { checkSnapshot, snapshotSuffix } from '../plan/snapshot-format.js';
import { plainBuild } from './fast-words.js';

/**
 * Ends a build that has nothing to do before anything else is loaded; every other command line goes to main.
 * Imports only modules that import nothing but Node's own: it is one small CommonJS file.
 */
function isAllFresh(): boolean {
  const build = plainBuild(process.argv.slice(2));
  if (build === undefined) return false;
  let start: string | undefined;
  try {
    start = process.cwd();
    process.chdir(build.directory);
    const path = resolve(build.file);
    const identity = { root: dirname(path), file: basename(path), words: build.words, program: __dirname };
    const snapshot = join(identity.root, 'cache', `snapshot${snapshotSuffix(identity)}`);
    const targets = checkSnapshot(snapshot, identity, process.env);
    if (targets !== undefined) {
      if (!build.quiet) print(`${freshLine(targets)}\n`);
      return true;
    }
  } catch {
    // A folder that is not there, a closed pipe: main says what is the matter.
  }
  if (start !== undefined) process.chdir(start);
  return false;
}

/** Without process.stdout, whose streams take longer to load than the whole check. */
function print(text: string): void {
  writeSync(1, text);
}

if (!isAllFresh()) void import('./main.js').then(({ main }) => main(process.argv.slice(2)));
