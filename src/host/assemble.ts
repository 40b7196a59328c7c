import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openMade, type OpenedInput } from '../artifacts/handles.js';
import { joinOutput } from '../artifacts/join-output.js';
import type { MadeBlock } from '../artifacts/joined-parts.js';
import type { ArtifactRecord } from '../artifacts/kind.js';
import { UserFacingError } from '../diagnostics/diagnostic.js';
import { hostErrors } from '../diagnostics/host.js';
import type { MadePart } from '../rule/define.js';
import type { ReadsOf, Roles } from '../rule/roles.js';
import type { AssembleTask, MadeParts, TaskResults } from './protocol.js';
import { loadRule, runContext } from './rule-context.js';
import type { RunningTask } from './running-task.js';
import { PartColumns } from '../store/part-columns.js';
import type { StoredOutput } from '../store/records.js';
import { storeOf } from './keep-staged.js';
import { TaskFiles } from './task-files.js';

export async function runAssemble(
  task: AssembleTask,
  parts: readonly MadeParts[],
  running: RunningTask,
): Promise<TaskResults['assemble']> {
  const rule = await loadRule(task, 'parts');
  if (rule.assemble === undefined) throw new TypeError(`rule ${task.rule} has no assemble`);
  const files = new TaskFiles({}, task.outputs);
  const blocks = parts.map(({ ids, keys, made }): MadeBlock => {
    const columns = PartColumns.decode(made, keys);
    if (columns === undefined) throw new Error('parts came in torn');
    return { ids, made: columns };
  });
  const [first] = Object.values(task.outputs);
  const scratch = mkdtempSync(join(dirname(first?.path ?? task.cache), '.scratch-'));
  const objects = storeOf(task.cache);
  const opened: OpenedInput[] = [];
  const open = (record: ArtifactRecord): OpenedInput['handle'] => {
    const made = openMade(record, objects, scratch);
    opened.push(made);
    return made.handle;
  };
  const joins = new Set<string>();
  const joinLater = (name: string): void => {
    const kind = rule.outputs[name]?.kind;
    if (kind !== 'jsonl' && kind !== 'directory') throw new UserFacingError(hostErrors.cannotJoin(name, kind));
    joins.add(name);
  };
  try {
    const { log, progress, signal } = runContext(task, running);
    await rule.assemble({
      log,
      progress,
      signal,
      parts: blocks.flatMap((block) => madeParts(block, open)),
      params: task.params,
      outputs: files.outputs,
      join: joinLater,
    });
    const joined: Record<string, ArtifactRecord> = {};
    const left: string[] = [];
    for (const name of joins) {
      const staged = files.take(name);
      if (staged === undefined) continue;
      if (task.begun.includes(name)) left.push(name);
      else joined[name] = await joinOutput(blocks, name, staged, objects, task.keep, task.before[name]);
    }
    return { outputs: { ...joined, ...(await files.keep(task.keep ? objects : null)) }, joins: left };
  } finally {
    for (const made of opened) made.close();
    files.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** There may be very many parts: most rules want of nearly all what they say of themselves alone. */
function madeParts(
  { ids, made }: MadeBlock,
  open: (record: ArtifactRecord) => OpenedInput['handle'],
): MadePart<Roles>[] {
  return (JSON.parse(ids) as string[]).map((id, row) => {
    let outputs: ReadsOf<Roles> | undefined;
    return {
      id,
      meta: made.meta(row),
      get outputs() {
        return (outputs ??= openedLater(made.result(row).outputs, open));
      },
    };
  });
}

/** Outputs are opened when they are asked for. */
function openedLater(
  records: Readonly<Record<string, StoredOutput>>,
  open: (record: ArtifactRecord) => OpenedInput['handle'],
): ReadsOf<Roles> {
  const outputs: Record<string, unknown> = {};
  for (const [name, record] of Object.entries(records)) {
    let handle: OpenedInput['handle'] | undefined;
    const get = (): OpenedInput['handle'] => (handle ??= open(record as ArtifactRecord));
    Object.defineProperty(outputs, name, { enumerable: true, get });
  }
  return outputs as ReadsOf<Roles>;
}
