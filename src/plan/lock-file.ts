import { readFileSync } from 'node:fs';
import { isDigest, type Digest } from '../base/digest.js';
import { isJsonObject, type Json, type JsonObject } from '../base/json.js';
import { sortedEntries } from '../base/order.js';
import { shownPath } from '../base/shown-path.js';
import type { Target } from '../config/pipeline.js';
import { UserFacingError, type Location } from '../diagnostics/diagnostic.js';
import { planErrors } from '../diagnostics/plan.js';
import { BlockSyntaxError, jsonOf, parseBlock, printBlock, printName, type Node, type Place } from './block-text.js';
import { keyOf, type Fingerprint, type InputItemPrint, type InputPrint } from './fingerprint.js';

/** Raised when the meaning of the file changes; a newer file is refused. */
export const LOCK_VERSION = 1;

/** The committed record of a build: `pipeline.lock`. */
export interface LockFile {
  readonly version: typeof LOCK_VERSION;
  readonly targets: Readonly<Record<string, LockedTarget>>;
}

export interface LockedTarget {
  /** A rule's name and code digest, or a command's text and tools. */
  readonly rule?: string;
  readonly code?: Digest;
  readonly command?: string;
  readonly tools?: Readonly<Record<string, string>>;
  readonly key: Digest;
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, InputPrint>>;
  readonly outputs: Readonly<Record<string, Digest>>;
  /** The reason given to `accept`. */
  readonly accepted?: string;
  /** `97 of 100`: assembled without the parts that failed. Such a target is tried again, never believed. */
  readonly partial?: string;
}

/** `pipeline.yaml` → `pipeline.lock`, `other.yaml` → `other.lock`. */
export function lockPath(pipelineFile: string): string {
  return `${pipelineFile.replace(/\.ya?ml$/, '')}.lock`;
}

/**
 * The lock as read; undefined where there is none.
 *
 * @throws UserFacingError, located, for a file that is broken, has merge conflicts, or is of a newer version.
 */
export function readLock(path: string): LockFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return parseLock(text, shownPath(path));
}

/** @throws UserFacingError, located at `path`. */
export function parseLock(text: string, path: string): LockFile {
  const lines = text.split(/\r?\n/);
  const locate = ({ line, column }: Place): Location => {
    const source = lines[line - 1] ?? '';
    return { path, line, column, text: source, length: Math.max(1, source.trimEnd().length - column + 1) };
  };
  const conflict = lines.findIndex((line) => /^(<{7}|={7}|>{7}|\|{7})( |$)/.test(line));
  if (conflict >= 0) {
    throw new UserFacingError(planErrors.lockConflict({ at: locate({ line: conflict + 1, column: 1 }) }));
  }
  try {
    return lockOf(parseBlock(text), locate);
  } catch (error) {
    if (!(error instanceof BlockSyntaxError)) throw error;
    throw new UserFacingError(planErrors.lockBroken({ at: locate(error.place), what: error.message }));
  }
}

function lockOf(root: Node, locate: (place: Place) => Location): LockFile {
  const top = mapOf(root, 'the file');
  const version = top.get('version');
  if (version?.type !== 'scalar' || typeof version.value !== 'number') {
    throw new BlockSyntaxError('`version` is missing', version ?? root);
  }
  if (version.value > LOCK_VERSION) {
    const place = { at: locate(version), version: String(version.value), known: LOCK_VERSION };
    throw new UserFacingError(planErrors.lockTooNew(place));
  }
  if (version.value !== LOCK_VERSION) throw new BlockSyntaxError('there never was such a version', version);
  const targets = required(top, 'targets', root);
  return {
    version: LOCK_VERSION,
    targets: Object.fromEntries([...mapOf(targets, '`targets`')].map(([name, node]) => [name, targetOf(node)])),
  };
}

function targetOf(node: Node): LockedTarget {
  const map = mapOf(node, 'a target');
  const text = (name: string): string | undefined => {
    const value = map.get(name);
    return value === undefined ? undefined : stringOf(value, name);
  };
  const [rule, command, accepted, partial] = [text('rule'), text('command'), text('accepted'), text('partial')];
  const code = map.get('code');
  const tools = map.get('tools');
  if ((rule === undefined) === (command === undefined))
    throw new BlockSyntaxError('either `rule` or `command` is expected', node);
  return {
    ...(rule === undefined ? {} : { rule, code: digestOf(code ?? node, 'code') }),
    ...(command === undefined ? {} : { command, tools: tools === undefined ? {} : valuesOf(tools, 'tools', stringOf) }),
    key: digestOf(required(map, 'key', node), 'key'),
    ...(accepted === undefined ? {} : { accepted }),
    ...(partial === undefined ? {} : { partial }),
    params: paramsOf(required(map, 'params', node)),
    inputs: valuesOf(required(map, 'inputs', node), 'inputs', inputOf),
    outputs: valuesOf(required(map, 'outputs', node), 'outputs', digestOf),
  };
}

function paramsOf(node: Node): JsonObject {
  const json = jsonOf(node);
  if (!isJsonObject(json)) throw new BlockSyntaxError('`params` has names and values', node);
  return json;
}

/** Behind the digest of a glob's match that may be executed. */
const EXECUTABLE = ' executable';

/** A digest; null for an absent optional input; a list of digests; names and digests of what a glob matched. */
function inputOf(node: Node, role: string): InputPrint {
  if (node.type === 'scalar') return node.value === null ? null : digestOf(node, role);
  if (node.type === 'list') return node.items.map((item) => ({ digest: digestOf(item, role) }));
  return [...node.entries].map(([name, item]): InputItemPrint => {
    const text = stringOf(item, name);
    const executable = text.endsWith(EXECUTABLE);
    const digest = executable ? text.slice(0, -EXECUTABLE.length) : text;
    if (!isDigest(digest)) throw new BlockSyntaxError(`\`${name}\` is no digest`, item);
    return executable ? { digest, name, executable } : { digest, name };
  });
}

function inputJson(print: InputPrint): Json {
  if (print === null || typeof print === 'string') return print;
  if (print.length === 0) return [];
  const named: Record<string, string> = {};
  for (const { name, digest, executable } of print) {
    if (name !== undefined) named[name] = executable === true ? `${digest}${EXECUTABLE}` : digest;
  }
  return Object.keys(named).length < print.length ? print.map(({ digest }) => digest) : named;
}

function mapOf(node: Node, what: string): ReadonlyMap<string, Node> {
  if (node.type !== 'map') throw new BlockSyntaxError(`${what} has names and values`, node);
  return node.entries;
}

function valuesOf<T>(node: Node, what: string, read: (node: Node, name: string) => T): Record<string, T> {
  return Object.fromEntries([...mapOf(node, `\`${what}\``)].map(([name, item]) => [name, read(item, name)]));
}

function required(map: ReadonlyMap<string, Node>, name: string, owner: Node): Node {
  const node = map.get(name);
  if (node === undefined) throw new BlockSyntaxError(`\`${name}\` is missing`, owner);
  return node;
}

function stringOf(node: Node, name: string): string {
  if (node.type !== 'scalar' || typeof node.value !== 'string')
    throw new BlockSyntaxError(`\`${name}\` is no text`, node);
  return node.value;
}

function digestOf(node: Node, name: string): Digest {
  if (node.type !== 'scalar' || !isDigest(node.value)) throw new BlockSyntaxError(`\`${name}\` is no digest`, node);
  return node.value;
}

/** The one text of a lock. */
export function printLock(lock: LockFile): string {
  const targets = sortedEntries(lock.targets);
  if (targets.length === 0) return `version: ${lock.version}\ntargets: {}\n`;
  return `version: ${lock.version}\ntargets:\n${targets.map(([name, target]) => printTarget(name, target)).join('')}`;
}

/** The lines of one target. */
export function printTarget(name: string, target: LockedTarget): string {
  return `  ${printName(name)}\n${printBlock(blockOf(target), '    ')}`;
}

function blockOf(target: LockedTarget): (readonly [string, Json])[] {
  const { rule, code, command, tools, accepted, partial } = target;
  const entries: (readonly [string, Json | undefined])[] = [
    ['rule', rule],
    ['code', code],
    ['command', command],
    ['tools', tools === undefined || Object.keys(tools).length === 0 ? undefined : tools],
    ['key', target.key],
    ['accepted', accepted],
    ['partial', partial],
    ['params', target.params],
    ['inputs', Object.fromEntries(sortedEntries(target.inputs).map(([role, print]) => [role, inputJson(print)]))],
    ['outputs', target.outputs],
  ];
  return entries.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined);
}

/** @throws TypeError where a declared output has no digest: half a result must not be believed. */
export function lockedTarget(
  target: Target,
  fingerprint: Fingerprint,
  outputs: Readonly<Record<string, Digest>>,
  extra: LockedExtra = {},
): LockedTarget {
  const { work, params, inputs } = fingerprint;
  const { accepted, parts, key = keyOf(fingerprint) } = extra;
  const isPartial = parts !== undefined && parts !== null && parts.failed > 0;
  return {
    ...(work.type === 'rule' ? { rule: work.rule, code: work.code } : { command: work.text, tools: work.tools }),
    key,
    ...(accepted === undefined ? {} : { accepted }),
    ...(isPartial ? { partial: `${parts.total - parts.failed} of ${parts.total}` } : {}),
    params,
    inputs,
    outputs: Object.fromEntries(
      Object.keys(target.outputs).map((name) => {
        const digest = outputs[name];
        if (digest === undefined) throw new TypeError(`no digest for output ${name} of ${target.name}`);
        return [name, digest];
      }),
    ),
  };
}

export interface LockedExtra {
  /** That of the fingerprint, where it is known. */
  readonly key?: Digest;
  readonly accepted?: string | undefined;
  readonly parts?: { readonly total: number; readonly failed: number } | null | undefined;
}

/** The present lock, with the blocks of succeeded targets replaced and those of vanished targets dropped. */
export function nextLock(
  present: LockFile | undefined,
  succeeded: Readonly<Record<string, LockedTarget>>,
  exists: (target: string) => boolean,
): LockFile {
  const kept = Object.entries({ ...present?.targets, ...succeeded }).filter(([name]) => exists(name));
  return { version: LOCK_VERSION, targets: Object.fromEntries(kept) };
}

/**
 * Whether `nextLock` would say something else than the present lock: a build that was killed between its work and its
 * lock leaves one that the next build, for which everything is fresh, has to bring up to date. Everything else of a block
 * follows from its key.
 */
export function isOutdated(
  present: LockFile,
  succeeded: Readonly<Record<string, LockedTarget>>,
  exists: (target: string) => boolean,
): boolean {
  const differs = (name: string, { key, outputs, accepted, partial }: LockedTarget): boolean => {
    const block = present.targets[name];
    return (
      block?.key !== key ||
      block.accepted !== accepted ||
      block.partial !== partial ||
      Object.entries(outputs).some(([output, digest]) => block.outputs[output] !== digest)
    );
  };
  return (
    Object.keys(present.targets).some((name) => !exists(name)) ||
    Object.entries(succeeded).some(([name, block]) => differs(name, block))
  );
}
