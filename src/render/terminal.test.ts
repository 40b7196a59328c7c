import { characters } from '../base/text.js';
import test from 'ava';
import { sha256 } from '../base/digest.js';
import type { BuildEvent } from '../execute/events.js';
import type { Forecast } from './prediction.js';
import { terminalRenderer, type Clock } from './terminal.js';

/** Escapes, line feeds, and runs of anything else. */
const ESCAPE = String.fromCharCode(27);
const TOKENS = new RegExp(`${ESCAPE}\\[\\??\\d*[a-zA-Z]|\n|[^${ESCAPE}\n]+`, 'g');

/** Just enough of a terminal to see what a person would: lines, a cursor that goes up, lines that are cleared. */
class Screen {
  readonly columns = 80;
  readonly rows = 24;
  readonly lines: string[] = [''];
  #row = 0;
  cursor: 'shown' | 'hidden' = 'shown';

  write(text: string): void {
    for (const [token] of text.matchAll(TOKENS)) this.#take(token);
  }

  #take(token: string): void {
    const up = token.startsWith('\x1b[') && token.endsWith('A') ? Number(token.slice(2, -1)) : 0;
    if (up > 0) this.#row -= up;
    else if (token === '\x1b[2K') this.lines[this.#row] = '';
    else if (token === '\x1b[?25l') this.cursor = 'hidden';
    else if (token === '\x1b[?25h') this.cursor = 'shown';
    else if (token === '\n') {
      this.#row++;
      this.lines[this.#row] ??= '';
    } else if (!token.startsWith('\x1b')) this.lines[this.#row] = (this.lines[this.#row] ?? '') + token;
  }

  text(): string {
    return this.lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }
}

class HandClock implements Clock {
  #now = 0;
  #call: (() => void) | undefined;
  now(): number {
    return this.#now;
  }
  every(_: number, call: () => void): () => void {
    this.#call = call;
    return () => (this.#call = undefined);
  }
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    this.#call?.();
  }
  get isTicking(): boolean {
    return this.#call !== undefined;
  }
}

function started(...targets: string[]): BuildEvent[] {
  return [
    { type: 'build-started', run: 'r1', targets, jobs: 2 },
    ...targets.map((target): BuildEvent => ({
      type: 'target-started',
      target,
      key: sha256(target),
      action: 'run',
      reasons: [{ type: 'never-built' }],
      attempt: 1,
    })),
  ];
}

const finished: BuildEvent = {
  type: 'target-finished',
  target: 'traces',
  action: 'run',
  seconds: 2,
  unchanged: false,
  outputs: [{ name: 'db', path: 'traces.db', kind: 'sqlite', digest: sha256(''), size: 1200 }],
};

test('a running target has one line that moves, and leaves what came of it', (t) => {
  const screen = new Screen();
  const clock = new HandClock();
  const renderer = terminalRenderer(screen, 'normal', { clock });
  for (const event of started('traces', 'frames')) renderer.on(event);
  renderer.on({ type: 'parts-listed', target: 'traces', total: 10, remembered: 4 });
  renderer.on({ type: 'part-finished', target: 'traces', part: 'seed-5', seconds: 1 });
  clock.advance(1000);
  t.is(screen.cursor, 'hidden');
  t.is(
    screen.text(),
    [
      'traces  builds: never built',
      'frames  builds: never built',
      '⠙ traces  ██████████░░░░░░░░░░  5/10 parts  1.0/s  5.0s left',
      '⠙ frames  running 1.0s',
    ].join('\n'),
  );
  renderer.on(finished);
  renderer.on({ ...finished, target: 'frames' });
  renderer.on({
    type: 'build-finished',
    run: 'r1',
    outcome: 'built',
    counts: { fresh: 0, ran: 2, restored: 0, failed: 0, skipped: 0 },
    seconds: 2,
  });
  t.is(
    screen.text(),
    [
      'traces  builds: never built',
      'frames  builds: never built',
      'traces  built in 2.0s: traces.db (1.2 kB)',
      'frames  built in 2.0s: traces.db (1.2 kB)',
      'done in 2.0s: 2 ran',
    ].join('\n'),
  );
  t.is(screen.cursor, 'shown');
  t.false(clock.isTicking);
});

test('a live line is never wider than the screen', (t) => {
  const screen = new Screen();
  const clock = new HandClock();
  const renderer = terminalRenderer(screen, 'normal', { clock });
  for (const event of started(`a-${'long-'.repeat(30)}name`)) renderer.on(event);
  clock.advance(100);
  t.true(screen.lines.slice(1).every((line) => characters(line).length < 80));
  renderer.close();
});

test('where room is scarce the bar and the name give way, not the time left', (t) => {
  const screen = new Screen();
  const clock = new HandClock();
  const renderer = terminalRenderer(screen, 'quiet', { clock });
  const target = `traces@mode=text${'@key=value'.repeat(5)}@seed=3`;
  for (const event of started(target)) renderer.on(event);
  renderer.on({ type: 'parts-listed', target, total: 100_000, remembered: 4 });
  for (let part = 0; part < 12; part++) renderer.on({ type: 'part-finished', target, part: `${part}`, seconds: 1 });
  clock.advance(9000);
  t.is(screen.text(), '⠙ traces@mode=t…value@seed=3  ░░░░░░░░░░  16/100,000 parts  1.3/s  20h 49m left');
  renderer.close();
});

test('more targets than lines are counted, not drawn', (t) => {
  const screen = new Screen();
  const clock = new HandClock();
  const renderer = terminalRenderer(screen, 'quiet', { clock });
  for (const event of started(...Array.from({ length: 40 }, (_, i) => `t${i}`))) renderer.on(event);
  clock.advance(100);
  t.true(screen.text().endsWith('and 19 more'));
  renderer.close();
  t.is(screen.text(), '');
});

test('below the targets stands what is left of the whole build', (t) => {
  const screen = new Screen();
  const clock = new HandClock();
  const asked: string[][] = [];
  const forecast: Forecast = {
    jobs: 2,
    remembered: (target) => (target === 'dataset' ? 40 : undefined),
    timeLeft: (ahead, seconds) => {
      asked.push([...ahead]);
      const known = [...ahead].map(seconds);
      const untimed = known.filter((time) => time === undefined).length;
      return { seconds: known.reduce<number>((sum, time) => sum + (time ?? 0), 0), untimed };
    },
  };
  const renderer = terminalRenderer(screen, 'quiet', { clock, forecast });
  const [begun, ...starts] = started('traces', 'frames');
  t.truthy(begun);
  renderer.on({
    type: 'build-started',
    run: 'r1',
    targets: ['old', 'traces', 'frames', 'dataset', 'export'],
    jobs: 2,
  });
  renderer.on({ type: 'target-fresh', target: 'old', key: sha256('old') });
  for (const event of starts)
    renderer.on(
      event.type === 'target-started' && event.target === 'frames' ? { ...event, expectedSeconds: 9 } : event,
    );
  renderer.on({ type: 'parts-listed', target: 'traces', total: 10, remembered: 4 });
  renderer.on({ type: 'part-finished', target: 'traces', part: 'seed-5', seconds: 1 });
  clock.advance(500);
  t.deepEqual(asked, [], 'a build that has just begun promises nothing');
  clock.advance(1500);
  // Five parts at one in two seconds, seven seconds of frames, forty of what waits.
  t.is(screen.lines[2], '  4 targets to go, at most about 57.0s left, without 1 target never timed');
  t.deepEqual(asked, [['traces', 'frames', 'dataset', 'export']]);
  clock.advance(100);
  t.is(asked.length, 1, 'not with every frame');
  for (const target of ['traces', 'dataset', 'export']) renderer.on({ ...finished, target });
  clock.advance(1000);
  t.is(screen.lines[1], '', 'the line of the last target says it itself');
  renderer.close();
  t.is(screen.text(), '');
});
