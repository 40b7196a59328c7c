import { characters } from '../base/text.js';
import type { BuildEvent } from '../execute/events.js';
import { formatSeconds, plural } from '../base/units.js';
import { advanceText, bar } from './bar.js';
import { Narrator, painter } from './narrator.js';
import { untimedText } from './plan.js';
import type { Forecast } from './prediction.js';
import type { Output, Renderer, Verbosity } from './renderer.js';

export interface Terminal extends Output {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface Clock {
  /** Milliseconds from any start. */
  now(): number;
  /** Calls back regularly until the returned function is called. */
  every(milliseconds: number, call: () => void): () => void;
}

const FRAME_MS = 100;
/** How often the time left of the whole build is computed anew: nobody reads faster, and a graph may be large. */
const FORECAST_MS = 1000;
const BAR_WIDTH = 20;
/** A bar shorter than this tells nothing, and is left out. */
const LEAST_BAR_WIDTH = 5;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const CLEAR_LINE = '\x1b[2K';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

interface Running {
  readonly action: 'run' | 'restore';
  readonly startedAt: number;
  readonly expectedSeconds: number | undefined;
  parts: { readonly total: number; readonly remembered: number; readonly listedAt: number; ended: number } | undefined;
  progress: { readonly done: number; readonly total: number | undefined; readonly unit: string } | undefined;
}

/**
 * One line per running target with bar, parts, rate and time left, redrawn in place; what is over scrolls away above.
 * A live line is never wider than the screen: a wrapped one could not be taken back.
 */
class TerminalScreen implements Renderer {
  readonly #running = new Map<string, Running>();
  readonly #narrator: Narrator;
  readonly #paint = painter('color');
  /** Targets that are not known to be done. */
  readonly #ahead = new Set<string>();
  #forecast: { readonly text: string; readonly dueAt: number } | undefined;
  #drawn = 0;
  #frame = 0;
  #stop: (() => void) | undefined;

  constructor(
    private readonly out: Terminal,
    private readonly clock: Clock,
    private readonly verbosity: Verbosity,
    private readonly forecast: Forecast | undefined,
  ) {
    this.#narrator = new Narrator({ verbosity, style: 'color' });
  }

  readonly on = (event: BuildEvent): void => {
    this.#follow(event);
    const lines = this.#narrator.lines(event);
    if (lines.length > 0 && !this.#isLive(event)) this.#draw(lines);
    if (event.type === 'build-finished') this.close();
  };

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#running.clear();
    this.#draw([]);
  }

  /** What the live lines already show is not said again as a line that stays. */
  #isLive(event: BuildEvent): boolean {
    if (this.verbosity === 'verbose') return false;
    if (event.type === 'parts-listed') return true;
    return event.type === 'target-started' && event.action === 'restore';
  }

  #follow(event: BuildEvent): void {
    switch (event.type) {
      case 'target-started':
        this.#running.set(event.target, {
          action: event.action,
          startedAt: this.clock.now(),
          expectedSeconds: event.expectedSeconds,
          parts: undefined,
          progress: undefined,
        });
        this.#stop ??= this.clock.every(FRAME_MS, () => {
          this.#frame++;
          this.#draw([]);
        });
        break;
      case 'parts-listed': {
        const running = this.#running.get(event.target);
        if (running)
          running.parts = { total: event.total, remembered: event.remembered, listedAt: this.clock.now(), ended: 0 };
        break;
      }
      case 'part-finished':
      case 'part-failed': {
        const parts = this.#running.get(event.target)?.parts;
        if (parts && (event.type === 'part-finished' || event.final)) parts.ended++;
        break;
      }
      case 'progress': {
        const running = this.#running.get(event.target);
        if (running) running.progress = { done: event.done, total: event.total, unit: event.unit ?? '' };
        break;
      }
      case 'target-finished':
      case 'target-failed':
        this.#running.delete(event.target);
        if (event.type === 'target-finished' || event.final) this.#ahead.delete(event.target);
        break;
      case 'build-started':
        for (const target of event.targets) this.#ahead.add(target);
        this.#forecast = { text: '', dueAt: this.clock.now() + FORECAST_MS };
        break;
      case 'target-fresh':
      case 'target-skipped':
        this.#ahead.delete(event.target);
        break;
      case 'target-blocked':
      case 'log':
      case 'kept-aside':
      case 'warning':
      case 'build-finished':
        break;
    }
  }

  /**
   * Takes the live lines back, writes lines that stay, and draws the live lines anew: in one write, so nothing flickers.
   */
  #draw(lines: readonly string[]): void {
    let text = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : HIDE_CURSOR;
    const live = this.#liveLines();
    for (const line of lines) text += `${CLEAR_LINE}${line}\n`;
    for (const line of live) text += `${CLEAR_LINE}${line}\n`;
    // Fewer live lines than before: what is left of the old ones is cleared, and the cursor put back below the last.
    const surplus = Math.max(0, this.#drawn - lines.length - live.length);
    text += `${CLEAR_LINE}\n`.repeat(surplus) + (surplus > 0 ? `\x1b[${surplus}A` : '');
    if (live.length === 0) text += SHOW_CURSOR;
    if (this.#drawn > 0 || live.length > 0) this.out.write(text);
    else if (lines.length > 0) this.out.write(`${lines.join('\n')}\n`);
    this.#drawn = live.length;
  }

  #liveLines(): string[] {
    const whole = this.#running.size === 0 ? '' : this.#wholeBuild();
    const below = whole === '' ? [] : [cut(`  ${whole}`, (this.out.columns ?? 80) - 1)];
    const room = Math.max(1, (this.out.rows ?? 24) - 2 - below.length);
    const all = [...this.#running].map(([target, running]) => this.#liveLine(target, running));
    if (all.length <= room) return [...all, ...below];
    return [...all.slice(0, room - 1), `  and ${all.length - room + 1} more`, ...below];
  }

  /** What is left of the whole build; nothing for a single target, whose own line says it. */
  #wholeBuild(): string {
    const now = this.clock.now();
    if (this.forecast === undefined || this.#forecast === undefined || now < this.#forecast.dueAt)
      return this.#forecast?.text ?? '';
    const { remembered, timeLeft } = this.forecast;
    const ahead = this.#ahead.size;
    const left = timeLeft(this.#ahead, (target) => {
      const running = this.#running.get(target);
      return running === undefined ? remembered(target) || undefined : secondsLeft(running, now);
    });
    const words = [`${plural(ahead, 'target')} to go`];
    // Of those ahead some may yet be found fresh.
    if (left.seconds > 0) words.push(`at most about ${formatSeconds(left.seconds)} left${untimedText(left)}`);
    const text = ahead < 2 ? '' : words.join(', ');
    this.#forecast = { text, dueAt: now + FORECAST_MS };
    return text;
  }

  #liveLine(target: string, running: Running): string {
    const spinner = SPINNER[this.#frame % SPINNER.length] ?? ' ';
    const seconds = (this.clock.now() - running.startedAt) / 1000;
    const { share, words } = describe(running, seconds, this.clock.now());
    const name = shortened(target, this.#narrator.nameWidth).padEnd(this.#narrator.nameWidth);
    // Counts and the time left are what a person looks for: where room is scarce the bar gives way.
    const columns = (this.out.columns ?? 80) - 1;
    const spare = columns - characters(`${spinner} ${name}    ${words}`).length;
    const meter = share === undefined || spare < LEAST_BAR_WIDTH ? '' : `${bar(share, Math.min(BAR_WIDTH, spare))}  `;
    const [head, rest] = [`${spinner} `, `  ${meter}${words}`];
    const shown = cut(name, columns - characters(head).length);
    return head + this.#paint('cyan', shown) + cut(rest, columns - characters(head + shown).length);
  }
}

function cut(text: string, width: number): string {
  return characters(text).slice(0, Math.max(0, width)).join('');
}

/** Both ends of a long name tell it from others: `traces@m…eed=3`. */
function shortened(name: string, width: number): string {
  if (name.length <= width) return name;
  const end = Math.floor((width - 1) / 2);
  return `${name.slice(0, width - 1 - end)}…${name.slice(name.length - end)}`;
}

/** The filled share (undefined where nothing tells it) and the words beside it. */
function describe(running: Running, seconds: number, now: number): { share: number | undefined; words: string } {
  const { parts, progress, expectedSeconds } = running;
  if (parts !== undefined && parts.total > 0) {
    const done = parts.remembered + parts.ended;
    const advance = {
      done,
      total: parts.total,
      unit: 'parts',
      seconds: (now - parts.listedAt) / 1000,
      counted: parts.ended,
    };
    return { share: done / parts.total, words: done < parts.total ? advanceText(advance) : 'joining the parts' };
  }
  if (progress !== undefined) {
    const { done, total, unit } = progress;
    const share = total === undefined || total === 0 ? undefined : done / total;
    return { share, words: advanceText({ done, total, unit, seconds, counted: done }) };
  }
  const verb = running.action === 'restore' ? 'restoring' : 'running';
  if (expectedSeconds !== undefined && expectedSeconds > 1) {
    // Remembered time only ever suggests: the bar stops short of its end until the target says it is done.
    const share = Math.min(0.97, seconds / expectedSeconds);
    return { share, words: `${verb} ${formatSeconds(seconds)} of about ${formatSeconds(expectedSeconds)}` };
  }
  return { share: undefined, words: `${verb} ${formatSeconds(seconds)}` };
}

/** By the rate of what counts, else by what it took last time; undefined where neither tells. */
function secondsLeft(
  { action, startedAt, expectedSeconds, parts, progress }: Running,
  now: number,
): number | undefined {
  if (action === 'restore') return 0;
  const counted =
    parts !== undefined && parts.ended > 0
      ? { ended: parts.ended, left: parts.total - parts.remembered - parts.ended, since: parts.listedAt }
      : parts === undefined && progress?.total !== undefined && progress.done > 0
        ? { ended: progress.done, left: progress.total - progress.done, since: startedAt }
        : undefined;
  if (counted !== undefined) return (Math.max(0, counted.left) * (now - counted.since)) / 1000 / counted.ended;
  return expectedSeconds === undefined ? undefined : Math.max(0, expectedSeconds - (now - startedAt) / 1000);
}

const realClock: Clock = {
  now: () => performance.now(),
  every: (milliseconds, call) => {
    const timer = setInterval(call, milliseconds);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** @param forecast where the time left of the whole build is to be shown */
export function terminalRenderer(
  out: Terminal,
  verbosity: Verbosity,
  { clock = realClock, forecast }: { readonly clock?: Clock; readonly forecast?: Forecast | undefined } = {},
): Renderer {
  return new TerminalScreen(out, clock, verbosity, forecast);
}
