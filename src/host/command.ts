import { spawn } from 'node:child_process';
import { KnownFailure } from './failure.js';
import { endGroup, ProcessTree } from './process-tree.js';
import type { CommandTask, KeepTask, TaskResults } from './protocol.js';
import type { RunningTask } from './running-task.js';
import { keepStaged, storeOf } from './keep-staged.js';

/** The commands that run: they must not outlive their host. */
export const runningCommands = new Set<ProcessTree>();

/** Ends what rules in this host have started and is no longer in its group: nobody else could tell where it came from. */
export function endStrays(): void {
  new ProcessTree(process.pid).endStrays();
}

/** How long the pipes of an ended command are read: what it left behind is ended too, but that takes a moment. */
const DRAIN_MS = 200;

export async function runCommand(
  task: CommandTask,
  running: RunningTask,
  base: Readonly<Record<string, string>>,
): Promise<TaskResults['command']> {
  const { code, signal } = await shell(task, running, base);
  if (code !== 0) throw new KnownFailure({ type: 'exit', code, signal });
  return { outputs: await keepStaged(task.outputs, task.keep ? storeOf(task.cache) : null) };
}

export async function runKeep({ outputs, keep, cache }: KeepTask): Promise<TaskResults['keep']> {
  return { outputs: await keepStaged(outputs, keep ? storeOf(cache) : null) };
}

function shell(
  task: CommandTask,
  running: RunningTask,
  base: Readonly<Record<string, string>>,
): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-eu', '-c', task.text], {
      cwd: task.root,
      env: { ...base, ...task.env, ...task.secrets },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const group = child.pid;
    if (group === undefined) {
      child.on('error', reject);
      return;
    }
    const tree = new ProcessTree(group);
    runningCommands.add(tree);
    running.startedGroup(group);
    child.stdout.on('data', (chunk: Buffer) => running.write('out', chunk));
    child.stderr.on('data', (chunk: Buffer) => running.write('err', chunk));
    const stop = (): void => tree.signal('SIGTERM');
    running.abort.signal.addEventListener('abort', stop);
    child.on('exit', (code, signal) => {
      running.abort.signal.removeEventListener('abort', stop);
      // Whatever it started in the background ends with it: nothing writes to a target that is done.
      endGroup(group);
      runningCommands.delete(tree);
      const timer = setTimeout(() => resolve({ code, signal }), DRAIN_MS);
      child.on('close', () => {
        clearTimeout(timer);
        resolve({ code, signal });
      });
    });
  });
}
