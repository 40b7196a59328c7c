import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import type { BuildEvent } from '../src/execute/events.js';
import type { WatchEvent } from '../src/watch/events.js';
import { Project, type Result, type Started } from './rig.js';

type Event = BuildEvent | WatchEvent;
export type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;

/** A `vlmbuild watch --json` under way, whose events are read in order: each call goes on behind the event it found. */
export class Watching {
  readonly #events: Event[] = [];
  readonly #started: Started;
  #at = 0;
  #wake: () => void = () => undefined;
  #over = false;

  constructor(project: Project, ...args: readonly string[]) {
    this.#started = project.start('watch', '--json', ...args);
    if (this.#started.child.stdout === null) throw new Error('no output');
    createInterface(this.#started.child.stdout).on('line', (line) => {
      if (line.startsWith('{')) this.#events.push(JSON.parse(line) as Event);
      this.#wake();
    });
    void this.#started.ended.then(() => {
      this.#over = true;
      this.#wake();
    });
  }

  /** The next event of this type that `wanted` accepts; fails where the watch ends without one. */
  async next<T extends Event['type']>(
    type: T,
    wanted: (event: EventOf<T>) => boolean = () => true,
  ): Promise<EventOf<T>> {
    for (;;) {
      while (this.#at < this.#events.length) {
        const event = this.#events[this.#at++];
        if (event?.type === type && wanted(event as EventOf<T>)) return event as EventOf<T>;
      }
      if (this.#over) {
        const { stderr } = await this.#started.ended;
        throw new Error(`no ${type}\n${this.#events.map((event) => JSON.stringify(event)).join('\n')}\n${stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next build that did something, or had nothing to do although it is news. */
  async built(): Promise<EventOf<'watch-built'>> {
    return this.next('watch-built', ({ outcome, news }) => outcome !== 'fresh' || news);
  }

  /** What it said since the last event that was waited for, and before. */
  get all(): readonly Event[] {
    return this.#events;
  }

  /** It ends by itself. */
  get ended(): Promise<Result> {
    return this.#started.ended;
  }

  async end(): Promise<Result> {
    this.#started.kill('SIGINT');
    return this.#started.ended;
  }
}

/** A project that is watched, and ready for changes. */
export async function watching(
  t: ExecutionContext,
  files: Record<string, string>,
  prepare: (project: Project) => void = () => undefined,
): Promise<[Project, Watching]> {
  const project = new Project(t, files);
  prepare(project);
  const watch = new Watching(project);
  await watch.next('watch-ready');
  return [project, watch];
}
