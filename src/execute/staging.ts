import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { shortPath } from '../base/shown-path.js';
import { mentionedOutputs } from '../config/command.js';
import type { KindName } from '../artifacts/kind.js';
import type { OutputUse, Target } from '../config/pipeline.js';
import type { StagedOutput } from '../host/protocol.js';
import { TaskError } from '../host/task-error.js';
import { DATABASE_SIDES, move } from './aside.js';
import type { Place } from './place.js';
import type { Run } from './run.js';

/** Where a target's outputs are written while it runs. */
export interface Staging {
  readonly folder: string;
  readonly outputs: Readonly<Record<string, StagedOutput>>;
  /** Outputs that a command writes to their own path, because its text does not say where. */
  readonly own: OwnPaths;
}

/** Under its own base name, so that a program that goes by a file's ending finds it. */
export function stageOutputs(run: Run, target: Target, place: Place): Staging {
  const { root } = run.session;
  const mentioned = target.work.type === 'command' ? mentionedOutputs(target.work.text) : undefined;
  const outputs: Record<string, StagedOutput> = {};
  const own: OutputUse[] = [];
  for (const [n, output] of Object.values(target.outputs).entries()) {
    if (mentioned?.has(output.name) === false) {
      own.push(output);
      outputs[output.name] = { kind: output.kind, path: join(root, output.path) };
    } else {
      outputs[output.name] = { kind: output.kind, path: join(place.output(n), basename(output.path)) };
    }
  }
  return { folder: place.folder, outputs, own: new OwnPaths(run, target.name, own, join(place.folder, 'before')) };
}

/** Removes what was begun of outputs, for another beginning. Not for outputs at their own paths. */
export function clearStaged({ outputs, own }: Staging): void {
  for (const [name, { path }] of Object.entries(outputs)) {
    if (own.has(name)) continue;
    for (const side of ['', ...DATABASE_SIDES]) rmSync(path + side, { recursive: true, force: true });
  }
}

/** What vlmbuild itself said of a staged output, said of the path that the pipeline gives it. */
export function saidOfDeclared(error: unknown, { outputs }: Staging, target: Target, root: string): unknown {
  if (!(error instanceof TaskError) || error.failure.type !== 'user-error' || error.failure.code === undefined) {
    return error;
  }
  const said = (text: string): string => {
    for (const { name, path } of Object.values(target.outputs)) {
      const staged = outputs[name]?.path;
      if (staged === undefined) continue;
      text = text.replaceAll(staged, path).replaceAll(shortPath(staged, root), path);
    }
    return text;
  };
  const { message, facts } = error.failure;
  return new TaskError({
    ...error.failure,
    message: said(message),
    ...(facts && { facts: facts.map(([name, value]) => [name, said(value)] as const) }),
  });
}

const PART_SUFFIX: Readonly<Record<KindName, string>> = { file: '', directory: '', jsonl: '.jsonl', sqlite: '.db' };

/**
 * Where one part at a time writes its outputs. The names say nothing of the target's paths, because a part's key does
 * not have them.
 */
export class Lane {
  readonly outputs: Readonly<Record<string, StagedOutput>>;

  constructor(folder: string, outputs: readonly OutputUse[]) {
    mkdirSync(folder, { recursive: true });
    this.outputs = Object.fromEntries(
      outputs.map(({ name, kind }) => [name, { kind, path: join(folder, `${name}${PART_SUFFIX[kind]}`) }]),
    );
  }
}

/**
 * What stood at the own paths of outputs while a command writes there.
 *
 *   there --take--> away --put back--> there        (the command failed)
 *                    '----drop-------> gone         (it succeeded; a stranger's file is under aside/)
 */
export class OwnPaths {
  readonly #away: { readonly at: string; readonly to: string; readonly stranger: boolean }[] = [];

  constructor(
    private readonly run: Run,
    private readonly target: string,
    private readonly outputs: readonly OutputUse[],
    private readonly folder: string,
  ) {}

  has(output: string): boolean {
    return this.outputs.some(({ name }) => name === output);
  }

  /** Moves what is there away: into the stage, or where it was not made by vlmbuild aside, which outlives a crash. */
  async take(): Promise<void> {
    const { root, digester } = this.run.session;
    for (const { path, kind, name } of this.outputs) {
      const at = join(root, path);
      mkdirSync(dirname(at), { recursive: true });
      if (lstatSync(at, { throwIfNoEntry: false }) === undefined) continue;
      const digest = await digester.digest(path, kind).catch(() => undefined);
      if (digest !== undefined && digest !== 'absent' && this.run.known(digest)) {
        mkdirSync(this.folder, { recursive: true });
        const to = join(this.folder, name);
        move(at, to);
        this.#away.push({ at, to, stranger: false });
        if (kind === 'sqlite') for (const side of DATABASE_SIDES) rmSync(`${at}${side}`, { force: true });
      } else this.#away.push({ at, to: this.run.aside(this.target, at, 'later'), stranger: true });
    }
  }

  /** The command succeeded: what was there is replaced. */
  drop(): void {
    for (const { at, to, stranger } of this.#away.splice(0)) if (stranger) this.run.keptAside(this.target, at, to);
  }

  /** Removes what the command wrote, and puts back what was there. */
  putBack(): void {
    const { root } = this.run.session;
    for (const { path } of this.outputs) rmSync(join(root, path), { recursive: true, force: true });
    for (const { at, to } of this.#away.splice(0)) move(to, at);
  }
}
