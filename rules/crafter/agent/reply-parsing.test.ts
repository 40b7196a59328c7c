import test from 'ava';
import type { Json } from 'vlmbuild';
import { actionNamed, actionsInText, actionsOf, toolCallsOf } from './reply-parsing.js';

const reply = (...messages: Json[]) => ({ choices: messages.map((message) => ({ message })) });
const calling = (name: string, args: Json) => ({ tool_calls: [{ id: 'a', function: { name, arguments: args } }] });

test('names and aliases of actions', (t) => {
  t.is(actionNamed(' Move Left '), 'move_left');
  t.is(actionNamed('craft_iron_sword'), 'make_iron_sword');
  t.is(actionNamed('REST'), 'sleep');
  t.is(actionNamed('jump'), undefined);
});

test('tags win over everything else, even when none of them is valid', (t) => {
  t.deepEqual(actionsInText('first <Action>left</ACTION> then <action> do </action>, <action>fly</action>'), [
    'move_left',
    'do',
  ]);
  t.deepEqual(actionsInText('<action>fly</action>\ndo'), []);
  t.deepEqual(actionsInText('[action]up[/action] [ACTION]down\n[action]nothing'), ['move_up', 'move_down']);
});

test('plain text: the whole of it, else line by line', (t) => {
  t.deepEqual(actionsInText('  Interact '), ['do']);
  t.deepEqual(
    actionsInText('ACTION: move left\n- 2. up; right and do\n* "sleep" then noop\nI think so, too\n3. \'down\''),
    ['move_left', 'move_up', 'move_right', 'do', 'sleep', 'noop', 'move_down'],
  );
  t.deepEqual(actionsInText('nothing to do here'), []);
});

test('tool calls of all choices, in either form', (t) => {
  const calls = toolCallsOf(
    reply(
      { tool_calls: [null, { id: 'a', function: { name: 'interact_many', arguments: '{"actions":["do"]}' } }] },
      { tool_calls: [{ name: 'interact_many', arguments: { actions: ['noop', 'do', 'do'] } }] },
    ),
  );
  t.deepEqual(
    calls.map(({ id, arguments: args }) => [id, args]),
    [
      ['a', { actions: ['do'] }],
      ['call_2', { actions: ['noop', 'do', 'do'] }],
    ],
  );
});

test('arguments that are broken count as empty; the parroted pair is halved', (t) => {
  const args = (given: Json) => toolCallsOf(reply(calling('interact_many', given)))[0]?.arguments;
  t.deepEqual(args('{"actions":['), { actions: [] });
  t.deepEqual(args('{"actions":"do"}'), { actions: [] });
  t.deepEqual(args('[1]'), { actions: [] });
  t.deepEqual(args({ actions: ['move_right', 'do'] }), { actions: ['move_right'] });
  t.deepEqual(args({ actions: ['do', 'move_right'] }), { actions: ['do', 'move_right'] });
  t.deepEqual(toolCallsOf(reply(calling('move', '{"action": 3}')))[0]?.arguments, '{"action": 3}');
});

test('without calls the first text is read; without actions there is no call', (t) => {
  t.deepEqual(toolCallsOf(reply({ content: '' }, { content: 'left, do' }, { content: 'up' })), [
    { id: 'call_0', name: 'interact_many', arguments: { actions: ['move_left', 'do'] } },
  ]);
  t.deepEqual(toolCallsOf(reply({ content: 'hello' })), []);
  t.deepEqual(toolCallsOf({}), []);
  t.deepEqual(toolCallsOf({ choices: [null, { message: null }, 'x'] }), []);
});

test('calls become actions; what is unknown is skipped with a warning, and nothing is a noop', (t) => {
  const run = (name: string, args: Json) => {
    const warnings: string[] = [];
    return [actionsOf([{ id: 'x', name, arguments: args as string }], (line) => warnings.push(line)), warnings.length];
  };
  t.deepEqual(run('interact_many', { actions: ['do', 'fly', 4, 17, -1, 1.5] }), [['do', 'move_down'], 4]);
  t.deepEqual(run('interact_many', { actions: [] }), [['noop'], 0]);
  t.deepEqual(run('step', '{"actions": ["left"]}'), [['move_left'], 0]);
  t.deepEqual(run('step', { actions: [], action: 6 }), [['sleep'], 0]);
  t.deepEqual(run('move_up', '{}'), [['move_up'], 0]);
  t.deepEqual(run('dance', '{}'), [['noop'], 1]);
});
