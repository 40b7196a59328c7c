import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { appeared, failureOf, hostProject, wholeRule } from './host-project.js';

const counted = (question: string) =>
  wholeRule(`
    const ask = async () => { log('asked'); return { reply: params.text }; };
    const answers = await Promise.all([once(${question}, ask), once(${question}, ask)]);
    await outputs.out.write(JSON.stringify(answers));`);

const askedIn = (said: readonly { type: string }[]) => said.filter(({ type }) => type === 'asked').length;

test('a question is asked once: at the same time, later, by another host and by changed code', async (t) => {
  const host = hostProject(t, { 'rules/my/rule.ts': counted('{ model: "m" }') }, { slots: 1 });
  const first = await host.whole('my/rule', { params: { text: 'one' } });
  t.is(first.text, '[{"reply":"one"},{"reply":"one"}]');
  t.is(askedIn(first.said), 1);

  host.write({ 'rules/my/rule.ts': counted('{ "model": "m" } as const').replace('For a test', 'Changed') });
  const again = await host.whole('my/rule', { params: { text: 'two' } });
  t.is(again.text, first.text);
  t.is(askedIn(again.said), 0);

  const anew = await host.whole('my/rule', {
    params: { text: 'three' },
    askAgain: join(host.root, 'cache/stage/run/asked'),
  });
  t.is(anew.text, '[{"reply":"three"},{"reply":"three"}]');
  t.is(askedIn(anew.said), 1);
  t.is((await host.whole('my/rule', { params: { text: 'four' } })).text, anew.text);
});

test('another rule, and another question, are asked anew', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': counted('{ model: "m" }'),
    'rules/my/other.ts': counted('{ model: "m" }'),
    'rules/my/question.ts': counted('{ model: params.text }'),
  });
  await host.whole('my/rule', { params: { text: 'a' } });
  t.is((await host.whole('my/other', { params: { text: 'b' } })).text, '[{"reply":"b"},{"reply":"b"}]');
  await host.whole('my/question', { params: { text: 'c' } });
  t.is((await host.whole('my/question', { params: { text: 'd' } })).text, '[{"reply":"d"},{"reply":"d"}]');
});

test('a failure is no answer', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(`
      const reply = await once('q', async () => {
        if (params.text === 'fail') throw new UserError('no reply');
        return params.text;
      });
      await outputs.out.write(reply);`),
  });
  t.like(await failureOf(t, host.whole('my/rule', { params: { text: 'fail' } })), { message: 'no reply' });
  t.is((await host.whole('my/rule', { params: { text: 'well' } })).text, 'well');
});

test('an answer outlives the host that got it', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(`
      const reply = await once('q', async () => params.text);
      if (params.text === 'kill') process.kill(process.pid, 'SIGKILL');
      await outputs.out.write(reply);`),
  });
  t.like(await failureOf(t, host.whole('my/rule', { params: { text: 'kill' } })), {
    type: 'host-lost',
    signal: 'SIGKILL',
  });
  t.is((await host.whole('my/rule', { params: { text: 'later' } })).text, 'kill');
});

/** Says where it is, and goes on when the test says so. */
const paced = (body: string) =>
  wholeRule(
    `const reached = async (place: string): Promise<void> => {
       writeFileSync(place, '');
       while (!existsSync(place + '.go')) await new Promise((done) => setTimeout(done, 2));
     };
     ${body}`,
    "import { existsSync, writeFileSync } from 'node:fs';",
  );

test('a question asked in two hosts at once is asked by one of them, by the other where that one dies', async (t) => {
  const rule = paced(`
    await reached('begun-' + params.text);
    const reply = await once('q', async () => {
      await reached('asking-' + params.text);
      if (params.text === 'dies') process.kill(process.pid, 'SIGKILL');
      return params.text;
    });
    await outputs.out.write(reply);`);
  const host = hostProject(t, { 'rules/my/rule.ts': rule, 'begun-dies.go': '', 'begun-asks.go': '' }, { slots: 3 });
  const dies = failureOf(t, host.whole('my/rule', { params: { text: 'dies' } }));
  await appeared(join(host.root, 'asking-dies'));
  const asks = host.whole('my/rule', { params: { text: 'asks' } });
  const waits = host.whole('my/rule', { params: { text: 'waits' } });
  await appeared(join(host.root, 'begun-waits'));
  host.write({ 'asking-dies.go': '' });
  await dies;
  await appeared(join(host.root, 'asking-asks'));
  host.write({ 'begun-waits.go': '' });
  host.write({ 'asking-asks.go': '' });
  t.deepEqual([(await asks).text, (await waits).text], ['asks', 'asks']);
  t.deepEqual(
    readdirSync(host.root).filter((name) => name.startsWith('asking-waits')),
    [],
  );
  t.deepEqual(
    readdirSync(join(host.root, 'cache/locks')).filter((name) => name.startsWith('once-')),
    [],
  );
});

test('asked anew, a question is asked once a run, whatever host asks', async (t) => {
  const host = hostProject(t, { 'rules/my/rule.ts': counted("'q'") }, { slots: 2 });
  const askAgain = join(host.root, 'cache/stage/run/asked');
  await host.whole('my/rule', { params: { text: 'old' } });
  // Two at once are in two hosts.
  const both = await Promise.all(['a', 'b'].map((text) => host.whole('my/rule', { params: { text }, askAgain })));
  t.is(both[0]?.text, both[1]?.text);
  t.not(both[0]?.text, '[{"reply":"old"},{"reply":"old"}]');
  t.is(
    both.reduce((sum, { said }) => sum + askedIn(said), 0),
    1,
  );
});

test('a bracket is one task’s at a time, and begun anew where questions are asked again', async (t) => {
  const rule = paced(`
    const bracket = await once.begin('job');
    const found = bracket.status;
    if (found !== 'answered') {
      await reached('begun-' + params.text);
      bracket.note(params.text);
      if (params.text !== 'leaves') bracket.end(params.text);
    }
    await outputs.out.write(JSON.stringify([found, bracket.answer, bracket.notes]));`);
  const go = { 'begun-second.go': '', 'begun-leaves.go': '', 'begun-adopts.go': '', 'begun-again.go': '' };
  const host = hostProject(t, { 'rules/my/rule.ts': rule, ...go }, { slots: 2 });
  const step = async (text: string, askAgain?: string): Promise<unknown> =>
    JSON.parse((await host.whole('my/rule', { params: { text }, ...(askAgain && { askAgain }) })).text) as unknown;
  const first = step('first');
  await appeared(join(host.root, 'begun-first'));
  const second = step('second');
  host.write({ 'begun-first.go': '' });
  t.deepEqual(await Promise.all([first, second]), [
    ['new', 'first', ['first']],
    ['answered', 'first', ['first']],
  ]);
  const run = join(host.root, 'cache/stage/run/asked');
  t.deepEqual(await step('leaves', run), ['new', null, ['leaves']]);
  t.deepEqual(await step('adopts', run), ['open', 'adopts', ['leaves', 'adopts']]);
  t.deepEqual(await step('again', run), ['answered', 'adopts', ['leaves', 'adopts']]);
});

test('a bracket that was left open is handed back with its notes, to adopt or to abandon', async (t) => {
  const host = hostProject(t, {
    'rules/my/rule.ts': wholeRule(`
      const bracket = await once.begin({ upload: 1 });
      const found = [bracket.status, bracket.answer, [...bracket.notes]];
      if (params.text === 'die') { bracket.note({ file: 'f1' }); process.kill(process.pid, 'SIGKILL'); }
      if (params.text === 'abandon') { bracket.abandon(); found.push(bracket.status, [...bracket.notes]); }
      if (params.text === 'end') { bracket.end({ job: 'j1' }); found.push(bracket.status, bracket.answer); }
      await outputs.out.write(JSON.stringify(found));`),
  });
  const step = async (text: string): Promise<unknown> =>
    JSON.parse((await host.whole('my/rule', { params: { text } })).text) as unknown;
  await failureOf(t, host.whole('my/rule', { params: { text: 'die' } }));
  t.deepEqual(await step('look'), ['open', null, [{ file: 'f1' }]]);
  t.deepEqual(await step('abandon'), ['open', null, [{ file: 'f1' }], 'new', []]);
  t.deepEqual(await step('end'), ['open', null, [], 'answered', { job: 'j1' }]);
  t.deepEqual(await step('look'), ['answered', { job: 'j1' }, []]);
});

test('a secret cannot become part of a question, an answer or a note', async (t) => {
  const host = hostProject(t, {
    'rules/my/question.ts': wholeRule("await once({ key: secrets.KEY }, async () => 1); await outputs.out.write('');"),
    'rules/my/answer.ts': wholeRule("await once('q', async () => secrets.KEY + '!'); await outputs.out.write('');"),
    'rules/my/note.ts': wholeRule("(await once.begin('b')).note([secrets.KEY]); await outputs.out.write('');"),
  });
  for (const what of ['question', 'answer', 'note']) {
    const failure = await failureOf(t, host.whole(`my/${what}`, { secrets: { KEY: 'sesame' } }));
    t.like(failure, {
      type: 'user-error',
      code: 'VB807',
      message: `the ${what} of \`once\` holds a secret, which would be kept for good`,
    });
  }
});
