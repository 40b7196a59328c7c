import test from 'ava';
import type { BuildEvent } from '../execute/events.js';
import type { WatchEvent } from '../watch/events.js';
import { plainRenderer } from './plain.js';
import { jsonRenderer } from './json.js';
import { jsonWatchRenderer, plainWatchRenderer } from './watch.js';
import { terminalWatchRenderer } from './watch-terminal.js';
import type { Renderer } from './renderer.js';

const built: WatchEvent = {
  type: 'watch-built',
  changed: { paths: ['a.txt', 'b.txt', 'c.txt', 'd.txt'], count: 5 },
  outcome: 'built',
  news: false,
  ran: ['list'],
  restored: ['copy'],
  failed: [],
  fresh: 1200,
  folders: 212,
  broken: false,
  seconds: 0.412,
};
const fresh: WatchEvent = { ...built, outcome: 'fresh', ran: [], restored: [] };
const broken: WatchEvent = {
  type: 'watch-broken',
  diagnostics: [{ code: 'VB102', headline: 'not YAML' }],
  graph: 'none',
};
const started: BuildEvent = { type: 'build-started', run: 'r', targets: ['list'], jobs: 1 };
const finished: BuildEvent = {
  type: 'build-finished',
  run: 'r',
  outcome: 'built',
  counts: { fresh: 0, ran: 1, restored: 0, failed: 0, skipped: 0 },
  seconds: 1,
};

function collected(): { out: { write(text: string): void; columns: number }; text: () => string } {
  let all = '';
  return {
    out: {
      columns: 60,
      write(text) {
        all += text;
      },
    },
    text: () => all,
  };
}

test('plain: a line after each build that did something', (t) => {
  const { out, text } = collected();
  const builds = (): Renderer => plainRenderer({ stdout: out, stderr: out }, 'normal');
  const { on } = plainWatchRenderer({ stdout: out, stderr: out }, builds, { verbosity: 'normal', style: 'plain' });
  for (const event of [started, finished, built, fresh, { ...fresh, news: true }, broken]) on(event);
  on({ ...broken, graph: 'old' });
  t.is(
    text(),
    `a.txt, b.txt, c.txt and 2 more changed: ran list; restored copy; 1,200 fresh; 0.4s after the save
a.txt, b.txt, c.txt and 2 more changed: everything is fresh (1,200 targets); 0.4s after the save
VB102: not YAML
nothing is built until that is put right; watching goes on
VB102: not YAML
until that is put right, other changes are built as before; watching goes on
`,
  );
});

test('quiet: failures alone', (t) => {
  const { out, text } = collected();
  const builds = (): Renderer => plainRenderer({ stdout: out, stderr: out }, 'quiet');
  const { on } = plainWatchRenderer({ stdout: out, stderr: out }, builds, { verbosity: 'quiet', style: 'plain' });
  on({ type: 'watch-ready', folders: 3 });
  on(built);
  t.is(text(), '');
  on({ ...built, outcome: 'failed', ran: [], restored: [], failed: ['list'] });
  t.regex(text(), /list failed/);
});

test('json: events of the watch and of its builds, each with its version', (t) => {
  const { out, text } = collected();
  const { on } = jsonWatchRenderer(out, jsonRenderer(out));
  on({ type: 'watch-ready', folders: 3 });
  on(started);
  t.deepEqual(
    text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    [
      { v: 1, type: 'watch-ready', folders: 3 },
      { v: 1, ...started },
    ],
  );
});

test('terminal: a status line below, taken back before anything else is written', (t) => {
  const { out, text } = collected();
  const inner: BuildEvent[] = [];
  const builds = (): Renderer => ({ on: (event) => void inner.push(event), close: () => undefined });
  const screen = terminalWatchRenderer(out, builds, 'normal', () => new Date(2026, 0, 1, 8, 15, 2));
  screen.on({ type: 'watch-ready', folders: 212 });
  t.true(text().endsWith('watching 212 folders\x1b[22m'));
  screen.on(started);
  t.true(text().endsWith('\r\x1b[2K'));
  // Held back, or told through the build's own lines, while those are live.
  const before = text();
  screen.on({ type: 'watch-postponed', changed: { paths: ['x'], count: 1 } });
  screen.on(broken);
  t.is(text(), before);
  t.deepEqual(
    inner.map(({ type }) => type),
    ['build-started', 'warning'],
  );
  screen.on(finished);
  t.regex(text().slice(before.length), /^.*x changed: built after what runs now.*\n$/);
  out.columns = 80;
  screen.on(built);
  t.true(text().endsWith('watching 212 folders; last change 08:15:02 rebuilt in 0.4s\x1b[22m'));
  screen.on({ ...built, broken: true });
  t.true(text().endsWith('the project is wrong; last change 08:15:02 rebuilt in 0.4s\x1b[22m'));
  screen.on(built);
  // The line was wrapped: both of its rows are taken back.
  out.columns = 30;
  screen.resized();
  t.true(text().endsWith('\r\x1b[2K\x1b[1A\x1b[2K\r\x1b[2K\x1b[2mwatching 212 folders; last \x1b[22m'));
  screen.close();
  t.true(text().endsWith('\r\x1b[2K'));
});
