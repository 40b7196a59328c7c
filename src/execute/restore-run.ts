import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { sideFiles } from '../artifacts/sqlite-open.js';
import type { ArtifactRecord } from '../artifacts/kind.js';
import { kindNamed } from '../artifacts/kinds.js';
import { shortPath } from '../base/shown-path.js';
import type { Target } from '../config/pipeline.js';
import { archiveErrors } from '../diagnostics/archive.js';
import { EXIT, UserFacingError } from '../diagnostics/diagnostic.js';
import { CorruptObject } from '../store/objects.js';
import { acquireRunLock } from '../store/run-lock.js';
import { acquireTargetLock } from '../store/target-lock.js';
import { noCounts } from './counts.js';
import type { EventListener } from './events.js';
import { settleRecords } from './finish.js';
import { restoreOutputs } from './restore.js';
import { pastRun, storeResults, type OutputResult, type PastRun, type RunResults } from './results.js';
import { Run } from './run.js';
import type { Session } from './session.js';

export interface RestoredOutput {
  readonly target: string;
  readonly name: string;
  /** Where it was written: root-relative, or absolute outside of the root. */
  readonly path: string;
  readonly kind: string;
  readonly digest: string;
}

export interface RestoreReport {
  readonly run: string;
  readonly outputs: readonly RestoredOutput[];
}

interface Wanted {
  readonly target: string;
  readonly name: string;
  readonly output: OutputResult;
}

/**
 * Writes the outputs that a run recorded below a folder, under their own relative paths, and checks each: nothing that is
 * there is touched. What the store does not have is taken from the tree where that still has it.
 *
 * @throws UserFacingError before anything is written, where bytes are gone (exit code 1) or files are in the way.
 */
export async function restoreBeside(
  session: Session,
  options: { readonly run: string; readonly words: readonly string[]; readonly to: string },
): Promise<RestoreReport> {
  const past = pastRun(session, options.run);
  const wanted = outputsOf(past, options.words);
  const folder = resolve(options.to);
  const inTheWay = wanted.map(({ output }) => join(folder, output.path)).filter(isTaken);
  if (inTheWay.length > 0) throw new UserFacingError(archiveErrors.inTheWay({ paths: inTheWay }));
  // As a run: nothing is collected meanwhile.
  const lock = acquireRunLock(session.layout, `restore-${randomBytes(6).toString('hex')}`);
  try {
    const sources = await sourcesOf(session, wanted);
    const outputs: RestoredOutput[] = [];
    for (const [n, { target, name, output }] of wanted.entries()) {
      const destination = join(folder, output.path);
      mkdirSync(dirname(destination), { recursive: true });
      await writeChecked(session, output, sources[n] ?? 'store', destination);
      const path = shortPath(destination, session.root);
      outputs.push({ target, name, path, kind: output.kind, digest: output.digest });
    }
    return { run: past.record.id, outputs };
  } finally {
    lock.release();
  }
}

/**
 * Replaces outputs by those that a run recorded, at the paths that the pipeline file says now. What was edited by hand is
 * kept aside. The lock stays: the next build brings back what the pipeline file says.
 *
 * @throws UserFacingError before anything is written, where bytes are gone (exit code 1), or the pipeline file does not
 *   have such an output.
 */
export async function restoreInPlace(
  session: Session,
  options: { readonly run: string; readonly words: readonly string[]; readonly signal: AbortSignal },
  listener: EventListener,
): Promise<RestoreReport> {
  const past = pastRun(session, options.run);
  const wanted = outputsOf(past, options.words);
  const { pipeline, layout, index } = session;
  const foreign = wanted.filter(({ target, name, output }) => {
    return pipeline.targets.get(target)?.outputs[name]?.kind !== output.kind;
  });
  if (foreign.length > 0) {
    const named = foreign.map(({ target, output }) => [target, output.path] as const);
    throw new UserFacingError(archiveErrors.notDeclared({ outputs: named }));
  }
  const names = [...new Set(wanted.map(({ target }) => target))];
  const run = new Run(session, names, { restored: past.record.id, inPlace: true }, listener);
  const outputs: RestoredOutput[] = [];
  const counts = noCounts();
  const done: Record<string, RunResults[string]> = {};
  run.begin();
  try {
    await sourcesOf(session, wanted);
    for (const name of names) {
      const target = pipeline.targets.get(name);
      const result = past.results[name];
      options.signal.throwIfAborted();
      if (target === undefined || result === undefined) continue;
      const held = await acquireTargetLock(layout, name, { run: run.id, signal: options.signal });
      try {
        await run.places.use((place) =>
          restoreOutputs(run, target, recordsOf(target, result), Object.keys(result.outputs), place),
        );
        if (index.action(result.key) !== undefined) index.setLast(name, result.key);
        index.clearFailure(name);
      } finally {
        held.release();
      }
      counts.restored++;
      done[name] = result;
      for (const [output, { kind, digest }] of Object.entries(result.outputs))
        outputs.push({ target: name, name: output, path: target.outputs[output]?.path ?? '', kind, digest });
    }
    await settleRecords({ run }, false);
    return { run: past.record.id, outputs };
  } catch (error) {
    if (!options.signal.aborted) throw error;
    const { restored } = counts;
    const diagnostic = archiveErrors.restoreInterrupted({ done: restored, total: names.length });
    throw new UserFacingError(diagnostic, EXIT.interrupted);
  } finally {
    run.end('restored', counts, storeResults(session.objects, done));
  }
}

function outputsOf({ record, results }: PastRun, words: readonly string[]): Wanted[] {
  const names = Object.keys(results);
  const chosen = new Set(
    words.flatMap((word) => {
      const named = names.filter((name) => name === word || name.startsWith(`${word}@`));
      if (named.length > 0) return named;
      throw new UserFacingError(archiveErrors.notInRun({ word, run: record.id, had: names }));
    }),
  );
  return names
    .filter((name) => words.length === 0 || chosen.has(name))
    .flatMap((target) =>
      Object.entries(results[target]?.outputs ?? {}).map(([name, output]) => ({ target, name, output })),
    );
}

type Source = 'store' | 'tree';

/** Where each output's bytes are. @throws UserFacingError naming those that are nowhere. */
async function sourcesOf(session: Session, wanted: readonly Wanted[]): Promise<Source[]> {
  const sources: Source[] = [];
  const gone: (readonly [string, string])[] = [];
  for (const { target, name, output } of wanted) {
    const inStore = isStored(session, output);
    const inTree =
      !inStore && (await session.digester.digest(output.path, output.kind).catch(() => undefined)) === output.digest;
    if (!inStore && !inTree) gone.push([`${target}.${name}`, output.digest]);
    sources.push(inStore ? 'store' : 'tree');
  }
  if (gone.length > 0) throw new UserFacingError(archiveErrors.bytesGone({ outputs: gone }), EXIT.failed);
  return sources;
}

function isStored({ objects }: Session, output: OutputResult): boolean {
  const record = recordOf(output);
  try {
    return record !== undefined && kindNamed(record.kind).present(record, objects);
  } catch (error) {
    if (error instanceof CorruptObject) return false;
    throw error;
  }
}

function recordOf({ kind, digest, bytes }: OutputResult): ArtifactRecord | undefined {
  return bytes === undefined ? undefined : { kind, digest, bytes };
}

/** What only the lock told has no bytes: it is in place, or it would have been found gone. */
function recordsOf(target: Target, result: RunResults[string]): Record<string, ArtifactRecord> {
  const records: Record<string, ArtifactRecord> = {};
  for (const name of Object.keys(target.outputs)) {
    const output = result.outputs[name];
    const record = output === undefined ? undefined : recordOf(output);
    if (record !== undefined) records[name] = record;
  }
  return records;
}

/** @throws UserFacingError where what was written is not what was recorded: it is removed again. */
async function writeChecked(
  session: Session,
  output: OutputResult,
  source: Source,
  destination: string,
): Promise<void> {
  const { kind, digest } = output;
  const record = recordOf(output);
  let written: string | undefined;
  try {
    if (source === 'store' && record !== undefined) await kindNamed(kind).restore(record, destination, session.objects);
    else copyFromTree(join(session.root, output.path), destination);
    written = await kindNamed(kind).digest(destination);
  } catch (error) {
    if (!(error instanceof CorruptObject)) throw error;
  } finally {
    if (written !== digest) rmSync(destination, { recursive: true, force: true });
  }
  if (written !== digest)
    throw new UserFacingError(archiveErrors.bytesGone({ outputs: [[output.path, digest]] }), EXIT.failed);
}

function copyFromTree(from: string, destination: string): void {
  cpSync(from, destination, { recursive: true, dereference: true });
  for (const side of sideFiles(from)) if (!side.endsWith('-shm')) cpSync(side, destination + side.slice(from.length));
}

function isTaken(path: string): boolean {
  return existsSync(path) || lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
