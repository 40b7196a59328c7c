import { spawn } from 'node:child_process';
import { KnownFailure } from './failure.js';
import { signalGroup } from './process-group.js';
import type { CommandTask, KeepTask, TaskResults } from './protocol.js';
import type { RunningTask } from './running-task.js';
import { keepStaged, storeOf } from './keep-staged.js';

/** The process groups of commands that run: they must not outlive their host. */
export const commandGroups = new Set<number>();

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
    commandGroups.add(group);
    running.startedGroup(group);
    child.stdout.on('data', (chunk: Buffer) => running.write('out', chunk));
    child.stderr.on('data', (chunk: Buffer) => running.write('err', chunk));
    const stop = (): void => signalGroup(group, 'SIGTERM');
    running.abort.signal.addEventListener('abort', stop);
    child.on('exit', (code, signal) => {
      running.abort.signal.removeEventListener('abort', stop);
      // Whatever it started in the background ends with it: nothing writes to a target that is done.
      signalGroup(group, 'SIGKILL');
      commandGroups.delete(group);
      const timer = setTimeout(() => resolve({ code, signal }), DRAIN_MS);
      child.on('close', () => {
        clearTimeout(timer);
        resolve({ code, signal });
      });
    });
  });
}
