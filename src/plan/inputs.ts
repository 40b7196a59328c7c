import type { KindName } from '../artifacts/kind.js';
import { hexOf, type Digest } from '../base/digest.js';
import type { Reference, Target } from '../config/pipeline.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { planErrors } from '../diagnostics/plan.js';
import type { PlanContext } from './decide.js';
import type { Decision, KnownOutputs } from './decision.js';
import type { ActionDetails } from './details.js';
import type { InputPrint } from './fingerprint.js';
import { resolveInput, type Graph, type ResolvedInput, type ResolvedItem } from './graph.js';

type Upstream = (target: string) => Decision | undefined;

/** The inputs of a target as they enter its fingerprint, or the targets that must be brought up to date first. */
export type GatheredInputs =
  | {
      readonly ready: true;
      readonly prints: Readonly<Record<string, InputPrint>>;
      readonly resolved: readonly ResolvedInput[];
    }
  | { readonly ready: false; readonly waitsFor: readonly string[] };

/** @throws UserFacingError for an input that is not there. */
export async function gatherInputs(target: Target, context: PlanContext, upstream: Upstream): Promise<GatheredInputs> {
  const waitsFor = (context.graph.dependencies.get(target.name) ?? []).filter(
    (name) => !isDelivered(name, upstream(name), target, context.graph),
  );
  if (waitsFor.length > 0) return { ready: false, waitsFor };

  const prints: Record<string, InputPrint> = {};
  const resolved: ResolvedInput[] = [];
  for (const use of Object.values(target.inputs)) {
    const input = resolveInput(context.graph, use);
    resolved.push(input);
    const digests: Digest[] = [];
    for (const item of input.items) {
      const digest = await itemDigest(item, input.kind, context, upstream);
      if (digest === 'absent') {
        throw new UserFacingError(
          planErrors.inputAbsent({ target: target.name, role: use.role, path: item.path, at: use.at }),
        );
      }
      digests.push(digest);
    }
    prints[use.role] = inputPrint(input, digests, context);
  }
  return { ready: true, prints, resolved };
}

/** An input as it enters the fingerprint, from the digests of its items. */
export function inputPrint(
  input: ResolvedInput,
  digests: readonly Digest[],
  context: Pick<PlanContext, 'digester'>,
): InputPrint {
  if (!input.list) return digests[0] ?? null;
  return input.items.map((item, i) => {
    const digest = digests[i] as Digest;
    if (item.name === undefined) return { digest };
    const executable = item.executable ?? (input.kind !== 'directory' && context.digester.isExecutable(item.path));
    return executable ? { digest, name: item.name, executable } : { digest, name: item.name };
  });
}

async function itemDigest(
  item: ResolvedItem,
  kind: KindName,
  context: PlanContext,
  upstream: Upstream,
): Promise<Digest | 'absent'> {
  const decision = item.from === undefined ? undefined : upstream(item.from.target);
  if (item.from !== undefined && (decision?.state === 'fresh' || decision?.state === 'restorable')) {
    const recorded = digestAs(decision.outputs[item.from.output], kind);
    if (recorded !== undefined) return recorded;
  }
  return context.digester.known(item.path, kind) ?? (await context.digester.digest(item.path, kind));
}

/** The digest of a recorded output under its reader's kind; undefined where only the file itself can tell. */
function digestAs(output: KnownOutputs[string] | undefined, kind: KindName): Digest | undefined {
  if (output === undefined) return undefined;
  if (output.kind === kind) return output.digest;
  const byBytes = kind === 'file' || kind === 'jsonl';
  return byBytes && output.kind !== 'directory' ? (output.bytes?.sha256 ?? undefined) : undefined;
}

/**
 * Whether what a target reads of another one is known: on disk, or (not yet on disk) by the record of the outputs that
 * it names. What is read by a path inside or around an output, or by a glob, must be on disk.
 */
function isDelivered(name: string, decision: Decision | undefined, reader: Target, graph: Graph): boolean {
  if (decision?.state === 'fresh') return true;
  if (decision?.state !== 'restorable') return false;
  const outputs = Object.values(graph.pipeline.targets.get(name)?.outputs ?? {});
  const isKnown = (reference: Reference, kind: KindName): boolean => {
    switch (reference.type) {
      case 'output':
        return reference.target !== name || digestAs(decision.outputs[reference.output], kind) !== undefined;
      case 'path':
        return outputs.every((output) =>
          output.path === reference.path
            ? digestAs(decision.outputs[output.name], kind) !== undefined
            : !overlaps(output.path, reference.path),
        );
      case 'glob':
        return false;
    }
  };
  return Object.values(reader.inputs).every((use) => use.references.every((reference) => isKnown(reference, use.kind)));
}

function overlaps(a: string, b: string): boolean {
  return a === '.' || b === '.' || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

/** Beyond this many entries the record of a directory says only that it differs. */
const MOST_NAMES = 10_000;
/** Hex digits that tell two entries apart in the record: for words alone, and there are many of them. */
const SHORT = 12;

/** The names behind the digests. Asked for only where they are needed: it may list directories. */
export async function detailsOf(
  resolved: readonly ResolvedInput[],
  prints: Readonly<Record<string, InputPrint>>,
  context: PlanContext,
): Promise<ActionDetails> {
  const inputs: Record<string, Record<string, string>> = {};
  for (const input of resolved) {
    const print = prints[input.role];
    const single = input.items.length === 1 ? input.items[0] : undefined;
    const names =
      input.kind === 'directory' && single !== undefined && single.name === undefined
        ? await entryNames(single.path, context)
        : itemNames(input, print);
    if (names !== undefined) inputs[input.role] = names;
  }
  return { inputs };
}

function itemNames(input: ResolvedInput, print: InputPrint | undefined): Record<string, string> {
  const names: Record<string, string> = {};
  for (const [i, item] of input.items.entries()) {
    const own = typeof print === 'string' ? print : print?.[i]?.digest;
    const executable = typeof print === 'object' && print?.[i]?.executable === true ? ' executable' : '';
    if (own !== undefined) names[item.name ?? item.path] = `${hexOf(own).slice(0, SHORT)}${executable}`;
  }
  return names;
}

/** Undefined where the directory is too large, or not on disk yet. */
async function entryNames(path: string, context: PlanContext): Promise<Record<string, string> | undefined> {
  try {
    if ((context.digester.entryCount?.(path) ?? 0) > MOST_NAMES) return undefined;
    const entries = await context.digester.entries(path);
    if (entries.length > MOST_NAMES) return undefined;
    return Object.fromEntries(
      entries.map(({ name, sha256, executable }) => [
        name,
        `${hexOf(sha256).slice(0, SHORT)}${executable ? ' executable' : ''}`,
      ]),
    );
  } catch {
    return undefined;
  }
}
