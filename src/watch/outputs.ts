import { dirname, resolve, sep } from 'node:path';
import { statIfThere } from '../base/stat-if-there.js';
import type { OutputUse } from '../config/pipeline.js';
import type { Session } from '../execute/session.js';

interface Owner {
  readonly target: string;
  readonly output: OutputUse;
}

/** The declared outputs of a project, and which of them builds did not leave as they are. */
export class Outputs {
  readonly #owners = new Map<string, Owner>();
  /** Outputs hinted at while a build ran. */
  readonly #hinted = new Set<string>();
  /** How outputs looked that are known to be edited. */
  readonly #known = new Map<string, string>();

  /** After each opening: the pipeline may have other ones. */
  learn({ root, pipeline }: Pick<Session, 'root' | 'pipeline'>): void {
    this.#owners.clear();
    for (const { name, outputs } of pipeline.targets.values()) {
      for (const output of Object.values(outputs)) {
        this.#owners.set(resolve(root, output.path), { target: name, output });
      }
    }
  }

  /** @param path absolute: an output, something in one, a folder that holds some, or anything else */
  hint(path: string): void {
    let isWithin = false;
    for (let at = path; !isWithin && at !== dirname(at); at = dirname(at)) {
      isWithin = this.#owners.has(at);
      if (isWithin) this.#hinted.add(at);
    }
    if (isWithin) return;
    for (const at of this.#owners.keys()) if (at.startsWith(path + sep)) this.#hinted.add(at);
  }

  /** Of the outputs hinted at since the last call, those that are not as the session's build left them. Absolute. */
  foreign(session: Session): readonly string[] {
    const foreign: string[] = [];
    for (const path of this.#hinted) {
      const owner = this.#owners.get(path);
      if (owner === undefined || this.#known.get(path) === stampOf(path)) continue;
      const { target, output } = owner;
      const recorded = session.index.lastSuccess(target)?.outputs[output.name]?.digest ?? 'absent';
      if (session.digester.known(path, output.kind) === recorded) continue;
      foreign.push(path);
    }
    this.#hinted.clear();
    return foreign;
  }

  /** Remembers that these targets' outputs are edited; gives what was not known yet. */
  edited(session: Session, targets: readonly string[]): readonly Owner[] {
    const news: Owner[] = [];
    const before = new Map(this.#known);
    this.#known.clear();
    for (const [path, owner] of this.#owners) {
      if (!targets.includes(owner.target) || !isEdited(session, owner)) continue;
      const stamp = stampOf(path);
      this.#known.set(path, stamp);
      if (before.get(path) !== stamp) news.push(owner);
    }
    return news;
  }

  get anyEdited(): boolean {
    return this.#known.size > 0;
  }
}

function isEdited(session: Session, { target, output }: Owner): boolean {
  const recorded = session.index.lastSuccess(target)?.outputs[output.name]?.digest;
  return session.digester.known(output.path, output.kind) !== recorded;
}

/** Of a folder its own: enough to tell an edit from the one before it, at worst by saying it twice. */
function stampOf(path: string): string {
  const stats = statIfThere(path);
  return stats === undefined ? '' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
}
