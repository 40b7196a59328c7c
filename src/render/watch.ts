import { formatCount, formatSeconds, plural } from '../base/units.js';
import { formatDiagnostic } from '../diagnostics/format.js';
import type { BuildEvent } from '../execute/events.js';
import type { Changed, WatchEvent, WatchListener } from '../watch/events.js';
import { painter, type Style } from './narrator.js';
import type { Output, Outputs, Renderer, Verbosity } from './renderer.js';

/** Turns the events of a watch and of its builds into something a person or a program reads. */
export interface WatchRenderer {
  readonly on: WatchListener;
  /** Nothing follows: leaves the screen tidy. Safe to call twice. */
  close(): void;
}

type EventOf<T extends WatchEvent['type']> = Extract<WatchEvent, { type: T }>;

/** The version of the format of a watch's own events; those of builds have theirs. */
const WATCH_EVENT_FORMAT = 1;

const PATHS_SHOWN = 3;

export function isWatchEvent(event: WatchEvent | BuildEvent): event is WatchEvent {
  return event.type.startsWith('watch-');
}

/** One event a line, as src/watch/events.ts and src/execute/events.ts have them. */
export function jsonWatchRenderer(out: Output, builds: Renderer): WatchRenderer {
  return {
    on: (event) => {
      if (isWatchEvent(event)) out.write(`${JSON.stringify({ v: WATCH_EVENT_FORMAT, ...event })}\n`);
      else builds.on(event);
    },
    close: () => builds.close(),
  };
}

/** Lines that stay, between those of the builds. */
export function plainWatchRenderer(
  { stdout, stderr }: Outputs,
  builds: () => Renderer,
  options: { readonly verbosity: Verbosity; readonly style: Style },
): WatchRenderer {
  let current: Renderer | undefined;
  return {
    on: (event) => {
      if (isWatchEvent(event)) {
        const out = isTrouble(event) ? stderr : stdout;
        for (const line of watchLines(event, options)) out.write(`${line}\n`);
      } else if (event.type === 'build-started') {
        current = builds();
        current.on(event);
      }
      // What a build came to is told with what it was for.
      else if (event.type === 'build-finished') current?.close();
      else current?.on(event);
    },
    close: () => current?.close(),
  };
}

function isTrouble(event: WatchEvent): boolean {
  switch (event.type) {
    case 'watch-broken':
    case 'watch-oscillates':
    case 'watch-warning':
      return true;
    case 'watch-built':
      return event.outcome === 'failed';
    default:
      return false;
  }
}

/** The lines that an event of the watch itself is worth. */
export function watchLines(
  event: WatchEvent,
  { verbosity, style }: { readonly verbosity: Verbosity; readonly style: Style },
): readonly string[] {
  const paint = painter(style);
  const quiet = verbosity === 'quiet';
  const color = style === 'color';
  switch (event.type) {
    case 'watch-ready':
      return quiet ? [] : [`watching ${plural(event.folders, 'folder')}; end with Ctrl-C`];
    case 'watch-changed':
      return verbosity === 'verbose' ? [paint('dim', `${changedText(event.changed)} changed`)] : [];
    case 'watch-aborted':
      return quiet
        ? []
        : [
            paint(
              'yellow',
              `${changedText(event.changed)} changed: ${event.targets.join(', ')} is stopped and looked at anew`,
            ),
          ];
    case 'watch-postponed':
      return quiet ? [] : [paint('dim', `${changedText(event.changed)} changed: built after what runs now`)];
    case 'watch-built': {
      const silent = quiet || (event.outcome === 'fresh' && !event.news && verbosity !== 'verbose');
      return silent && event.outcome !== 'failed' ? [] : [paint(builtFormat(event), builtText(event))];
    }
    case 'watch-waiting':
      return event.targets.map(({ target, needs }) =>
        paint('yellow', `\`${target}\` waits for a change of ${needs.length === 0 ? 'its target' : needs.join(', ')}`),
      );
    case 'watch-broken':
      return [
        ...event.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, { color })),
        paint(
          'yellow',
          event.graph === 'none'
            ? 'nothing is built until that is put right; watching goes on'
            : 'until that is put right, other changes are built as before; watching goes on',
        ),
      ];
    case 'watch-edited':
      return [paint('yellow', `${event.path} was edited by hand; it stays until \`${event.target}\` must run`)];
    case 'watch-oscillates':
    case 'watch-warning':
      return [formatDiagnostic(event.diagnostic, { color })];
    case 'watch-ended':
      return [];
  }
}

function builtFormat({ outcome }: EventOf<'watch-built'>): 'bold' | 'dim' | 'red' {
  return outcome === 'failed' ? 'red' : outcome === 'fresh' ? 'dim' : 'bold';
}

/** `data/in.txt changed: ran a, b; 3 fresh; 0.4s after the save`. */
export function builtText(event: EventOf<'watch-built'>): string {
  const { changed, ran, restored, failed, fresh, seconds } = event;
  const deeds = [
    ...(ran.length > 0 ? [`ran ${namesText(ran)}`] : []),
    ...(restored.length > 0 ? [`restored ${namesText(restored)}`] : []),
    ...(failed.length > 0 ? [`${namesText(failed)} failed`] : []),
  ];
  const nothing = fresh > 0 ? `everything is fresh (${plural(fresh, 'target')})` : 'there is nothing to do';
  const done =
    deeds.length === 0 ? nothing : [...deeds, ...(fresh > 0 ? [`${formatCount(fresh)} fresh`] : [])].join('; ');
  if (changed === undefined) return `${done}; ${formatSeconds(seconds)}`;
  return `${changedText(changed)} changed: ${done}; ${formatSeconds(seconds)} after the save`;
}

function changedText({ paths, count }: Changed): string {
  return namesText(paths, count);
}

function namesText(names: readonly string[], count = names.length): string {
  const shown = names.slice(0, PATHS_SHOWN).join(', ');
  return count > PATHS_SHOWN ? `${shown} and ${formatCount(count - PATHS_SHOWN)} more` : shown;
}
