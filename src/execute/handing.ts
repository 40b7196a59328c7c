import { isAbsolute, join } from 'node:path';
import type { KindName } from '../artifacts/kind.js';
import type { Digest } from '../base/digest.js';
import { fillCommand } from '../config/command.js';
import type { Target } from '../config/pipeline.js';
import type { HandedInput, StagedOutput } from '../host/protocol.js';
import type { Fingerprint } from '../plan/fingerprint.js';
import { resolveInput } from '../plan/graph.js';
import { InputChanged } from './failure.js';
import type { Session } from './session.js';

/** An input's file as a key knows it: what must still be true when the work is done. */
export interface ReadItem {
  /** As in the pipeline: root-relative, or leading outside. */
  readonly path: string;
  readonly kind: KindName;
  readonly digest: Digest;
}

/** What a host is handed of a target, and what the key says of it. */
export interface Handing {
  readonly inputs: Readonly<Record<string, HandedInput | readonly HandedInput[] | null>>;
  readonly items: readonly ReadItem[];
  /** Paths as a command, which runs in the project root, sees them. */
  readonly words: Readonly<Record<string, string | readonly string[]>>;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * The inputs of a target with the digests that its fingerprint has.
 *
 * @throws InputChanged where a glob finds other files by now.
 */
export function handingOf(session: Session, target: Target, fingerprint: Fingerprint): Handing {
  const inputs: Record<string, HandedInput | readonly HandedInput[] | null> = {};
  const words: Record<string, string | readonly string[]> = {};
  const items: ReadItem[] = [];
  for (const [role, use] of Object.entries(target.inputs)) {
    const resolved = resolveInput(session.graph, use);
    const print = fingerprint.inputs[role] ?? null;
    const digests = print === null ? [] : typeof print === 'string' ? [print] : print.map(({ digest }) => digest);
    if (print !== null && digests.length !== resolved.items.length) throw new InputChanged(`input \`${role}\``);
    const read = digests.map((digest, i): ReadItem => {
      const path = resolved.items[i]?.path ?? '';
      return { path, kind: use.kind, digest };
    });
    items.push(...read);
    const handed = read.map(({ path, kind, digest }): HandedInput => ({
      kind,
      path: isAbsolute(path) ? path : join(session.root, path),
      digest,
    }));
    inputs[role] = use.list ? handed : (handed[0] ?? null);
    words[role] = read.map(({ path }) => commandWord(path));
  }
  return {
    inputs,
    items,
    words,
    env: valuesOf(session, target.env),
    secrets: valuesOf(session, target.secrets),
  };
}

/** The shell text of a command with its inputs and staged outputs filled in. */
export function commandText(text: string, handing: Handing, outputs: Readonly<Record<string, StagedOutput>>): string {
  return fillCommand(text, {
    inputs: handing.words,
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, { path }]) => [name, path])),
  });
}

/** Declared names that are set, with their values. */
export function valuesOf(session: Session, names: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = session.environment.get(name);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/**
 * After the work: whether what was read is still what the key says.
 *
 * @throws InputChanged
 */
export async function checkInputs(session: Session, items: readonly ReadItem[]): Promise<void> {
  for (const { path, kind, digest } of items) {
    session.digester.recheck(path, kind);
    const now = session.digester.known(path, kind) ?? (await session.digester.digest(path, kind));
    if (now !== digest) throw new InputChanged(`\`${path}\``);
  }
}

/** A path that begins with a dash would be read as a flag. */
function commandWord(path: string): string {
  return path.startsWith('-') ? `./${path}` : path;
}
