import { characters } from '../base/text.js';
import { formatSeconds, plural } from '../base/units.js';
import type { BuildEvent } from '../execute/events.js';
import type { WatchEvent } from '../watch/events.js';
import { painter } from './narrator.js';
import type { Renderer, Verbosity } from './renderer.js';
import type { Terminal } from './terminal.js';
import { isWatchEvent, watchLines, type WatchRenderer } from './watch.js';

const CLEAR_LINE = '\r\x1b[2K';
const CLEAR_ABOVE = '\x1b[1A\x1b[2K';

/**
 * The lines of a watch on a terminal, with a line below them that says how it stands while nothing runs; while a build
 * runs, its own lines stand there.
 */
export function terminalWatchRenderer(
  out: Terminal,
  builds: () => Renderer,
  verbosity: Verbosity,
  now: () => Date = () => new Date(),
): WatchRenderer & { resized(): void } {
  const paint = painter('color');
  /** While a build draws its own lines, what the watch has to say is held back. */
  let current: Renderer | undefined;
  let held: string[] = [];
  let status = '';
  /** How wide the status is that stands there; 0 where none does. */
  let shown = 0;
  // A terminal that does not know its width says 0.
  const columns = (): number => (out.columns === undefined || out.columns === 0 ? 80 : out.columns);
  const hide = (): void => {
    if (shown === 0) return;
    // Where the screen became narrower, the line was wrapped.
    const wrapped = Math.ceil(shown / columns()) - 1;
    out.write(CLEAR_LINE + CLEAR_ABOVE.repeat(wrapped));
    shown = 0;
  };
  /** Never wider than the screen, a `^C` behind it included. Without a line feed: it is not to stay. */
  const show = (): void => {
    hide();
    if (status === '') return;
    const text = characters(status).slice(0, Math.max(1, columns() - 3));
    out.write(`${CLEAR_LINE}${paint('dim', text.join(''))}`);
    shown = text.length;
  };
  const say = (lines: readonly string[]): void => {
    hide();
    for (const line of lines) out.write(`${line}\n`);
  };
  const onBuild = (event: BuildEvent): void => {
    hide();
    if (event.type === 'build-started') current = builds();
    if (event.type !== 'build-finished') {
      current?.on(event);
      return;
    }
    // What a build came to is told with what it was for.
    current?.close();
    current = undefined;
    say(held);
    held = [];
  };
  const onWatch = (event: WatchEvent): void => {
    status = statusText(event, now) ?? status;
    if (current === undefined) {
      say(watchLines(event, { verbosity, style: 'color' }));
      if (event.type !== 'watch-changed' && event.type !== 'watch-ended') show();
    } else if (event.type === 'watch-broken') {
      for (const diagnostic of event.diagnostics) current.on({ type: 'warning', diagnostic });
    } else held.push(...watchLines(event, { verbosity, style: 'color' }));
  };
  return {
    on: (event) => {
      if (isWatchEvent(event)) onWatch(event);
      else onBuild(event);
    },
    resized: () => {
      if (shown > 0) show();
    },
    close: () => {
      current?.close();
      hide();
      status = '';
    },
  };
}

/** `watching 212 folders; last change 08:15:02 rebuilt in 0.4s`. */
function statusText(event: WatchEvent, now: () => Date): string | undefined {
  switch (event.type) {
    case 'watch-ready':
      return `watching ${plural(event.folders, 'folder')}`;
    case 'watch-built': {
      if (event.changed === undefined) return undefined;
      const deed = { built: 'rebuilt', failed: 'failed', fresh: 'nothing to do' }[event.outcome];
      const last = `last change ${timeText(now())} ${deed} ${event.outcome === 'failed' ? 'after' : 'in'}`;
      const built = `${last} ${formatSeconds(event.seconds)}`;
      return event.broken ? `the project is wrong; ${built}` : `watching ${plural(event.folders, 'folder')}; ${built}`;
    }
    case 'watch-broken':
      return `waits since ${timeText(now())} for the project to be put right`;
    case 'watch-oscillates':
      return `stopped ${event.targets.map(({ target }) => target).join(', ')} at ${timeText(now())}; the next change goes on`;
    default:
      return undefined;
  }
}

function timeText(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}
