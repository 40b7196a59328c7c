/**
 * The program of a host: works on tasks that come over its IPC channel, and ends with it. What a kind of task needs is
 * loaded with the first of them, so that a host that only runs commands is small, which makes starting them fast.
 */
import { endBoundRoom } from './bounded-room.js';
import { captureOutput, forbidExit } from './capture.js';
import type { FromHost, ToHost } from './frames.js';
import { closeReadings } from './kept-readings.js';
import { keepCompiled } from './own-zod.js';
import type { MadeParts, Task, TaskResults } from './protocol.js';
import { currentTask, RunningTask } from './running-task.js';

const root = process.cwd();
const base = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
);
delete base['NODE_CHANNEL_FD'];
delete base['NODE_CHANNEL_SERIALIZATION_MODE'];

/** Loaded with the first task that needs them. (Asking `import` each time would cost more than a small part.) */
const modules = {
  describe: lazily(() => import('./describe.js')),
  command: lazily(() => import('./command.js')),
  whole: lazily(() => import('./whole.js')),
  list: lazily(() => import('./list.js')),
  asks: lazily(() => import('./asks.js')),
  make: lazily(() => import('./make.js')),
  assemble: lazily(() => import('./assemble.js')),
};

function lazily<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => (loaded ??= load());
}

const running = new Map<number, RunningTask>();
const partsOf = new Map<number, MadeParts[]>();
const exit = process.exit.bind(process);

function send(frame: FromHost, sent: () => void = () => undefined): void {
  if (process.connected) process.send?.(frame, undefined, undefined, () => sent());
  else sent();
}

process.on('message', (message) => {
  const frame = message as ToHost;
  switch (frame.type) {
    case 'parts': {
      const parts = partsOf.get(frame.id);
      if (parts === undefined) partsOf.set(frame.id, [frame.parts]);
      else parts.push(frame.parts);
      break;
    }
    case 'wanted':
      running.get(frame.id)?.onWanted(frame.rows);
      break;
    case 'read':
      running.get(frame.id)?.inputsRead();
      break;
    case 'run':
      void start(frame.id, frame.task);
      break;
    case 'abort':
      running.get(frame.id)?.abort.abort();
      break;
    case 'end':
      closeReadings();
      endBoundRoom();
      keepCompiled();
      break;
  }
});

/**
 * The engine is gone: so is the reason to be here. A command goes at once too: the lock of its target is free, and whoever
 * takes it must not find it writing.
 */
process.on('disconnect', () => {
  if (running.size === 0) exit(0);
  void modules.command().then(({ runningCommands, endStrays }) => {
    for (const command of runningCommands) command.signal('SIGKILL');
    endStrays();
    exit(0);
  });
});

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => void leave(error));
}

captureOutput(() => running.values().next().value);
forbidExit();

async function start(id: number, task: Task): Promise<void> {
  const work = RunningTask.start(id, task, send);
  running.set(id, work);
  setEnvironment(task);
  if (task.type !== 'make') closeReadings();
  try {
    const result = await currentTask.run(work, () => perform(task, work));
    work.tidy();
    work.done(result);
  } catch (error) {
    const { failureOf } = await import('./failure.js');
    work.tidy();
    work.failed(work.abort.signal.aborted ? { type: 'aborted' } : failureOf(error, root));
  } finally {
    running.delete(id);
  }
}

async function perform(task: Task, work: RunningTask): Promise<TaskResults[Task['type']]> {
  switch (task.type) {
    case 'load':
      return (await modules.make()).loadForMake(task);
    case 'describe':
      return (await modules.describe()).runDescribe(task, root);
    case 'check':
      return (await modules.describe()).runCheck(task);
    case 'command':
      return (await modules.command()).runCommand(task, work, base);
    case 'keep':
      return (await modules.command()).runKeep(task);
    case 'whole':
      return (await modules.whole()).runWhole(task, work);
    case 'asks':
      return (await modules.asks()).runAsks(task, work);
    case 'make':
      return (await modules.make()).runMake(task, work, root);
    case 'list':
      return (await modules.list()).runList(task, work, (message) => {
        work.flush();
        return new Promise((resolve) => {
          send({ type: 'messages', id: work.id, messages: [message] }, resolve);
        });
      });
    case 'assemble': {
      const parts = partsOf.get(work.id) ?? task.parts;
      partsOf.delete(work.id);
      return (await modules.assemble()).runAssemble(task, parts, work);
    }
  }
}

/** Declared names, for libraries that look there; tasks that share a host are of one target. */
let declared: readonly string[] = [];
function setEnvironment(task: Task): void {
  if (task.type === 'command' || !('env' in task)) return;
  const values: Readonly<Record<string, string>> = { ...task.env, ...task.secrets };
  for (const name of declared) {
    if (name in values) continue;
    const original = base[name];
    if (original === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = original;
  }
  for (const [name, value] of Object.entries(values)) if (process.env[name] !== value) process.env[name] = value;
  declared = Object.keys(values);
}

/** An error that nobody awaited: it is of some task's code, and the process may be in any state. */
async function leave(error: unknown): Promise<void> {
  send({ type: 'leaving', id: 0 });
  const { failureOf } = await import('./failure.js');
  const own = currentTask.getStore();
  for (const work of own === undefined ? running.values() : [own]) work.failed(failureOf(error, root));
  send({ type: 'leaving', id: 0 }, () => exit(1));
}
