import test from 'ava';
import { withoutDocumentation } from './documentation.js';

const rule = (body: string, before = '') => `${before}var x=defineRule({${body}});export{x as default};`;

test('the summary of a rule is documentation', (t) => {
  const [a, b] = ['"one"', '`two, "2"`'].map((text) => withoutDocumentation(rule(`summary:${text},outputs:{}`)));
  t.is(a, b);
});

test('a summary elsewhere is data', (t) => {
  for (const code of ['f({summary:"one"})', rule('outputs:{},run(){f({summary:"one"})}'), rule('summary:f("one")')]) {
    t.is(withoutDocumentation(code), code);
  }
});

test('descriptions within params are documentation, at any depth', (t) => {
  const params = (text: string) =>
    rule(
      `params:z.strictObject({a:z.string().describe(${text}).optional(),b:z.union([z.int().describe(${text})])}),outputs:{}`,
    );
  t.is(withoutDocumentation(params('"one"')), withoutDocumentation(params('"two )"')));
  t.is(withoutDocumentation(params('"one"')), params('').replaceAll('.describe()', ''));
});

test('so are those of schemas that only the params use', (t) => {
  const code = (text: string) =>
    rule(
      'params:z.strictObject({p:P}),outputs:{}',
      `var Q=z.int().describe("${text}"),P=z.strictObject({k:z.array(Q)});`,
    );
  t.is(withoutDocumentation(code('one')), withoutDocumentation(code('two')));
});

test('the description of a schema that is used elsewhere may be a prompt, and counts', (t) => {
  const code = (text: string) =>
    rule('params:z.strictObject({p:P}),run(){ask(P)}', `var P=z.int().describe("${text}");`);
  t.not(withoutDocumentation(code('one')), withoutDocumentation(code('two')));
  const free = (text: string) => rule('params:z.strictObject({}),run(){ask(P)}', `var P=z.int().describe("${text}");`);
  t.not(withoutDocumentation(free('one')), withoutDocumentation(free('two')));
});

test('a description that is computed counts', (t) => {
  const code = rule('params:z.strictObject({a:z.int().describe(`${n} steps`)})');
  t.is(withoutDocumentation(code), code);
});

test('a param named summary or describe is no documentation', (t) => {
  const code = rule('params:z.strictObject({summary:z.literal("one"),describe:z.literal("one")}),outputs:{}');
  t.is(withoutDocumentation(code), code);
});
