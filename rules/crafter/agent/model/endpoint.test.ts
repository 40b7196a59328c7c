import test, { type ExecutionContext } from 'ava';
import { UserError } from 'vlmbuild';
import { askEndpoint, type EndpointOptions } from './endpoint.js';
import { Pace } from './pace.js';
import { PatientClock, type Told, calling, serveChat } from './testing.js';

const OK: Told = { body: calling(['noop']) };
const never = new AbortController().signal;

/** Asks an endpoint that answers so, one answer a request. */
async function ask(t: ExecutionContext, answers: readonly Told[], options: Partial<EndpointOptions> = {}) {
  const clock = new PatientClock();
  const { url, asked } = await serveChat(t, (_, index) => {
    const told = answers[index] ?? OK;
    if (told === 'silence' || told === 'half a reply') setImmediate(() => clock.runOut());
    return told;
  });
  const log: string[] = [];
  const answer = askEndpoint(
    {
      url,
      key: 'sk-1',
      timeoutMs: 5000,
      tries: 4,
      pace: new Pace(100, clock),
      log: (line) => log.push(line),
      clock,
      ...options,
    },
    { model: 'm' },
    never,
  );
  return { answer, asked, log, waits: clock.waits };
}

test('an answer is given as it came, and the key goes with the question', async (t) => {
  const { answer, asked, waits } = await ask(t, [OK]);
  t.deepEqual(await answer, calling(['noop']));
  t.is(asked[0]?.headers.authorization, 'Bearer sk-1');
  t.deepEqual(asked[0]?.body, { model: 'm' });
  t.deepEqual(waits, []);
  const keyless = await ask(t, [OK], { key: undefined });
  await keyless.answer;
  t.is(keyless.asked[0]?.headers.authorization, undefined);
});

test('a busy endpoint is asked again when it says, as seconds or as a date', async (t) => {
  const busy = (retryAfter: string): Told => ({ status: 429, headers: { 'retry-after': retryAfter }, body: {} });
  const { answer, waits, log } = await ask(t, [busy('7'), busy('Thu, 01 Jan 2026 00:01:07 GMT'), busy('0')]);
  await answer;
  t.deepEqual(waits, [7000, 60_000, 0]);
  t.deepEqual(log, [
    'the endpoint answered 429: {}: asking again in 7 s (1 of 4)',
    'the endpoint answered 429: {}: asking again in 60 s (2 of 4)',
    'the endpoint answered 429: {}: asking again in 0 s (3 of 4)',
  ]);
});

test('who is asked to wait makes all wait who share the pace', async (t) => {
  // This clock stands still while the one that asks waits.
  const others = new PatientClock();
  const busy: Told = { status: 429, headers: { 'retry-after': '7' }, body: {} };
  await (
    await ask(t, [busy, OK], { pace: new Pace(100, others) })
  ).answer;
  t.deepEqual(others.waits, [7000]);
});

test('waits double where the endpoint says nothing, and tries come to an end', async (t) => {
  const down: Told = { status: 503, body: { error: { message: 'overloaded' } } };
  const { answer, asked, waits } = await ask(
    t,
    Array.from({ length: 9 }, () => down),
  );
  const error = await t.throwsAsync(answer, { instanceOf: UserError });
  t.regex(error.message, /^the endpoint answered 503: overloaded \(http:.*, asked 4 times\)$/);
  t.is(asked.length, 4);
  t.deepEqual(waits, [1000, 2000, 4000]);
});

test('an endpoint that does not answer in time is asked again', async (t) => {
  const { answer, asked } = await ask(t, ['silence', 'half a reply', OK]);
  t.deepEqual(await answer, calling(['noop']));
  t.is(asked.length, 3);
  const silent = await ask(t, ['silence', 'silence'], { tries: 2 });
  await t.throwsAsync(silent.answer, { instanceOf: UserError, message: /did not answer within 5 s/ });
});

test('garbage is no answer', async (t) => {
  for (const [body, message] of [
    ['<html>Bad gateway</html>', /what is not JSON: <html>Bad gateway/],
    ['', /what is not JSON: nothing/],
    ['{"choices": [{"mess', /what is not JSON/],
    [[], /what is not a chat completion: \[\]/],
    [{ choices: [] }, /what is not a chat completion/],
    [{ choices: [null] }, /what is not a chat completion/],
    [{ error: { message: 'later' } }, /what is not a chat completion: .*later/],
  ] as const) {
    const garbage: Told = { body };
    t.deepEqual(await (await ask(t, [garbage, garbage, OK])).answer, calling(['noop']));
    const { answer } = await ask(t, [garbage, garbage], { tries: 2 });
    await t.throwsAsync(answer, { instanceOf: UserError, message });
  }
});

test('what another try cannot mend is not tried again', async (t) => {
  const refusals: readonly (readonly [Told, RegExp, RegExp])[] = [
    [{ status: 401, body: { error: { message: 'wrong key' } } }, /answered 401: wrong key/, /policy\.secret/],
    [{ status: 404, body: { error: 'no such model' } }, /answered 404: no such model/, /policy\.model/],
    [{ status: 400, body: `too\nlong ${'x'.repeat(999)}` }, /answered 400: too long x{291}…/, /build again/],
    [{ status: 307, headers: { location: 'http://127.0.0.1:1/' }, body: '' }, /answered 307/, /build again/],
    [
      { status: 429, body: { error: { message: 'pay first', code: 'insufficient_quota' } } },
      /answered 429: pay first/,
      /build again/,
    ],
    [{ status: 429, headers: { 'retry-after': '86400' }, body: {} }, /asks to wait 86400 s/, /build again/],
  ];
  for (const [told, message, next] of refusals) {
    const { answer, asked, waits } = await ask(t, [told]);
    const error = await t.throwsAsync(answer, { instanceOf: UserError, message });
    t.regex(error instanceof UserError ? (error.next ?? '') : '', next);
    t.is(asked.length, 1);
    t.deepEqual(waits, []);
  }
});

test('a lost connection is made again', async (t) => {
  const { answer, asked, log } = await ask(t, ['reset', OK]);
  t.deepEqual(await answer, calling(['noop']));
  t.is(asked.length, 2);
  t.regex(log[0] ?? '', /cannot be reached: .*: asking again in 1 s \(1 of 4\)/);
});

test('where nobody listens, that is said', async (t) => {
  const { answer } = await ask(t, [], { url: 'http://127.0.0.1:9', tries: 2 });
  await t.throwsAsync(answer, {
    instanceOf: UserError,
    message: /cannot be reached: .*127\.0\.0\.1:9|cannot be reached/,
  });
});

test('an interrupted build asks no more', async (t) => {
  const stop = new AbortController();
  const clock = new PatientClock();
  const { url, asked } = await serveChat(t, () => {
    stop.abort(new Error('interrupted'));
    return 'silence';
  });
  const pace = new Pace(100, clock);
  const options = { url, key: undefined, timeoutMs: 5000, tries: 4, pace, log: () => undefined, clock };
  await t.throwsAsync(askEndpoint(options, {}, stop.signal), { message: 'interrupted' });
  t.is(asked.length, 1);
});

test('a pace lets so many through within any minute, and none while it is held', async (t) => {
  const clock = new PatientClock();
  const start = clock.now();
  const pace = new Pace(2, clock);
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    await pace.pass(never);
    times.push((clock.now() - start) / 1000);
  }
  t.deepEqual(times, [0, 0, 60, 60, 120]);
  pace.holdUntil(start + 500_000);
  await pace.pass(never);
  t.is(clock.now() - start, 500_000);
});
