import test from 'ava';
import { Quiet, type Timers } from './quiet.js';

class HandTimers implements Timers {
  #now = 0;
  readonly #due = new Map<() => void, number>();
  now(): number {
    return this.#now;
  }
  after(milliseconds: number, call: () => void): () => void {
    this.#due.set(call, this.#now + milliseconds);
    return () => void this.#due.delete(call);
  }
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    for (const [call, at] of this.#due) {
      if (at > this.#now) continue;
      this.#due.delete(call);
      call();
    }
  }
}

function quietAndCalls(): { timers: HandTimers; quiet: Quiet; calls: () => number } {
  const timers = new HandTimers();
  let calls = 0;
  return { timers, quiet: new Quiet(timers, () => calls++), calls: () => calls };
}

test('calls once, a short moment after a single change', (t) => {
  const { timers, quiet, calls } = quietAndCalls();
  quiet.wait();
  timers.advance(5);
  t.is(calls(), 0);
  timers.advance(1);
  t.is(calls(), 1);
  timers.advance(1000);
  t.is(calls(), 1);
});

test('the longer changes have been coming, the longer it waits for the next', (t) => {
  const { timers, quiet, calls } = quietAndCalls();
  for (const pause of [5, 5, 9, 18, 19]) {
    quiet.wait();
    timers.advance(pause);
  }
  t.is(calls(), 0);
  timers.advance(1);
  t.is(calls(), 1);
});

test('a longer moment where that is asked for', (t) => {
  const { timers, quiet, calls } = quietAndCalls();
  quiet.wait(50);
  timers.advance(49);
  t.is(calls(), 0);
  timers.advance(1);
  t.is(calls(), 1);
});

test('a storm that does not end is not waited for', (t) => {
  const { timers, quiet, calls } = quietAndCalls();
  for (let i = 0; i < 200; i++) {
    quiet.wait();
    timers.advance(5);
  }
  t.is(calls(), 2);
});

test('stopped, it does not call', (t) => {
  const { timers, quiet, calls } = quietAndCalls();
  quiet.wait();
  quiet.stop();
  timers.advance(1000);
  t.is(calls(), 0);
});
