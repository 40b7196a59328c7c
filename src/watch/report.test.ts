import test from 'ava';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { WatchEvent } from './events.js';
import { Report } from './report.js';
import { BuildTally } from './tally.js';

function reporting(): { readonly report: Report; readonly said: () => readonly WatchEvent[] } {
  const events: WatchEvent[] = [];
  return { report: new Report((event) => events.push(event)), said: () => events.splice(0) };
}

function tallyOf(counts: { readonly ran?: string[]; readonly failed?: string[]; readonly fresh?: number }): BuildTally {
  const tally = new BuildTally();
  tally.ran.push(...(counts.ran ?? []));
  tally.failed.push(...(counts.failed ?? []));
  tally.fresh = counts.fresh ?? 0;
  return tally;
}

function built(report: Report, tally: BuildTally, outcome: 'fresh' | 'built' | 'failed'): void {
  report.built({ changed: undefined, outcome, tally, folders: 1, seconds: 0, pipeline: undefined });
}

function isNews([event]: readonly WatchEvent[]): boolean | undefined {
  return event?.type === 'watch-built' ? event.news : undefined;
}

const WRONG: Diagnostic = { code: 'VB001', headline: 'wrong' };
const CHANGED = { paths: ['a'], count: 1 };

test('it is ready once', (t) => {
  const { report, said } = reporting();
  t.false(report.isReady);
  report.ready(3);
  report.ready(4);
  t.deepEqual(said(), [{ type: 'watch-ready', folders: 3 }]);
  t.true(report.isReady);
});

test('a build with nothing to do is news at first, and after an error', (t) => {
  const { report, said } = reporting();
  built(report, tallyOf({ fresh: 2 }), 'fresh');
  t.true(isNews(said()));
  report.ready(1);
  said();
  built(report, tallyOf({ fresh: 2 }), 'fresh');
  t.false(isNews(said()));
  built(report, tallyOf({ ran: ['a', 'b'], failed: ['b'] }), 'failed');
  t.like(said()[0], { news: false, ran: ['a'], failed: ['b'] });
  built(report, tallyOf({ fresh: 2 }), 'fresh');
  t.true(isNews(said()));
  built(report, tallyOf({ fresh: 2 }), 'fresh');
  t.false(isNews(said()));
});

test('what is wrong with the project is told until it is put right, and once', (t) => {
  const { report, said } = reporting();
  report.ready(1);
  report.broken([WRONG], { changed: CHANGED, graph: 'old' });
  report.broken([WRONG], { changed: undefined, graph: 'old' });
  t.deepEqual(said().slice(1), [{ type: 'watch-broken', changed: CHANGED, diagnostics: [WRONG], graph: 'old' }]);
  built(report, tallyOf({ fresh: 1 }), 'fresh');
  t.deepEqual(said(), [], 'that other targets are fresh is no news beside it');
  built(report, tallyOf({ ran: ['a'] }), 'built');
  t.like(said()[0], { type: 'watch-built', broken: true });
  report.broken([{ ...WRONG, headline: 'otherwise' }], { changed: undefined, graph: 'old' });
  t.is(said().length, 1);
  report.mended();
  built(report, tallyOf({ fresh: 1 }), 'fresh');
  t.like(said()[0], { type: 'watch-built', broken: false, news: true });
});
