/** What came of a target that was started. */
export type LifeEnd = 'done' | 'failed' | 'stopped';

export interface Schedule {
  /** In topological order. */
  readonly names: readonly string[];
  /** What a target waits for, and cannot do without. Names outside `names` are ignored. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** What a target waits for only where both are wanted. */
  readonly orderOnly: ReadonlyMap<string, readonly string[]>;
  readonly keepGoing: boolean;
  /** Begins a target's life; must not reject. It waits for its slot by itself, so all that is ready begins at once. */
  live(name: string): Promise<LifeEnd>;
  /** A target will not be begun. `because` is undefined where the whole build was stopped. */
  skip(name: string, because: string | undefined): void;
  /** The first failure of a build that does not keep going: what waits for a slot should give up. */
  stop(failed: string): void;
}

/**
 * Begins each target when everything it waits for has ended.
 *
 *   waiting --all needed done--> begun --> done
 *      |                           |-----> failed  --> dependents are skipped
 *      |                           '-----> stopped --> nothing more is begun
 *      '--something needed failed, or the build stops--> skipped
 */
export async function runSchedule(schedule: Schedule): Promise<void> {
  const wanted = new Set(schedule.names);
  const missing = new Map<string, number>();
  const dependents = new Map<string, { readonly name: string; readonly needed: boolean }[]>();
  for (const name of schedule.names) {
    const needed = new Set((schedule.dependencies.get(name) ?? []).filter((other) => wanted.has(other)));
    const ordered = (schedule.orderOnly.get(name) ?? []).filter((other) => wanted.has(other) && !needed.has(other));
    missing.set(name, needed.size + new Set(ordered).size);
    for (const other of needed) push(dependents, other, { name, needed: true });
    for (const other of new Set(ordered)) push(dependents, other, { name, needed: false });
  }

  const left = new Set(schedule.names);
  let stopping = false;
  let running = 0;
  await new Promise<void>((resolve) => {
    const begin = (name: string): void => {
      left.delete(name);
      running++;
      void schedule.live(name).then((end) => {
        running--;
        if (end === 'failed' && !schedule.keepGoing && !stopping) {
          stopping = true;
          schedule.stop(name);
        }
        if (end === 'stopped') stopping = true;
        const ready = end === 'done' ? ended(name) : end === 'failed' ? skipDependents(name) : [];
        if (!stopping) for (const next of ready) begin(next);
        if (running === 0) finish(resolve);
      });
    };
    /** Those that wait for nothing any more. */
    const ended = (name: string): string[] => {
      const ready: string[] = [];
      for (const dependent of dependents.get(name) ?? []) {
        const count = (missing.get(dependent.name) ?? 0) - 1;
        missing.set(dependent.name, count);
        if (count === 0 && left.has(dependent.name)) ready.push(dependent.name);
      }
      return ready;
    };
    const skipDependents = (name: string): string[] => {
      const ready: string[] = [];
      const lost = [name];
      for (let at = lost.pop(); at !== undefined; at = lost.pop()) {
        for (const dependent of dependents.get(at) ?? []) {
          if (!dependent.needed || !left.has(dependent.name)) continue;
          left.delete(dependent.name);
          schedule.skip(dependent.name, `\`${at}\` ${at === name ? 'failed' : 'was not built'}`);
          lost.push(dependent.name);
        }
        ready.push(...ended(at));
      }
      return ready;
    };
    const finish = (done: () => void): void => {
      for (const name of schedule.names) if (left.has(name)) schedule.skip(name, undefined);
      left.clear();
      done();
    };

    const first = schedule.names.filter((name) => missing.get(name) === 0);
    if (first.length === 0) finish(resolve);
    for (const name of first) begin(name);
  });
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
