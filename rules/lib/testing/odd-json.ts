import fc from 'fast-check';

/*
 * JSON text as one finds it, and as one does not: what fast readers are tested with. Members come as a list, so that keys
 * can repeat; every separator may have blanks around it.
 */

const PIECES = [
  ...['a', 'B', ' ', '/', "'", '{', '}', '[', ',', ':', 'é', '\u2028', '\u007f', '😀', '…', 'data:', 'user'],
  ...['\\n', '\\t', '\\"', '\\\\', '\\b', '\\f', '\\r', '\\/', '\\u0041', '\\u00e9', '\\u001f', '\\u001F'],
  ...['\\u000a', '\\ud83d', '\\ude00', '\\ud83d\\ude00', '\\uDE00', '\\u0022', '\\u005c'],
  ...['x'.repeat(70), 'iVBORw0KGgo='.repeat(20), 'y'.repeat(700)],
];

/** A JSON string, with its quotes. */
export const oddString: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 4 })
  .map((pieces) => `"${pieces.join('')}"`);

export const oddScalar: fc.Arbitrary<string> = fc.oneof(
  oddString,
  fc.constantFrom('null', 'true', 'false', 'NaN', 'Infinity', '-Infinity', '""', '{}', '[]', '[ ]', '{ }'),
  fc.constantFrom('0', '-0', '7', '-12', '1.0', '-0.0', '2.50', '1E5', '1e-7', '1e999', '12345678901234567890123'),
);

const blank = fc.constantFrom('', '', '', '', '', '', ' ', '  ');
const separator = (mark: string, spaced: string) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(spaced) },
    fc.tuple(blank, blank).map(([before, after]) => before + mark + after),
  );

export function oddList(item: fc.Arbitrary<string>, maxLength = 3, minLength = 0): fc.Arbitrary<string> {
  return joined(fc.array(fc.tuple(item, separator(',', ', ')), { minLength, maxLength }), '[', ']');
}

/** An object of members by key; a key may come twice, or not at all. */
export function oddObject(members: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<string> {
  const texts = Object.entries(members).map(([key, value]) =>
    fc.tuple(separator(':', ': '), value).map(([colon, text]) => JSON.stringify(key) + colon + text),
  );
  const all = fc.tuple(...texts.map((text) => fc.option(text, { freq: 20 })));
  const another = fc.oneof(
    ...texts,
    fc.tuple(oddString, oddScalar).map(([key, text]) => `${key}: ${text}`),
  );
  const more = fc.oneof(
    { weight: 8, arbitrary: fc.constant([]) },
    another.map((text) => [text]),
  );
  const chosen = fc
    .tuple(all, more, separator(',', ', '))
    .map(([some, extra, comma]) =>
      [...some.filter((text) => text !== null), ...extra].map((text): [string, string] => [text, comma]),
    );
  return joined(chosen, '{', '}');
}

function joined(items: fc.Arbitrary<[text: string, separator: string][]>, open: string, close: string) {
  return fc
    .tuple(items, blank, blank)
    .map(
      ([texts, before, after]) =>
        open + before + texts.map(([text, mark], index) => (index === 0 ? text : mark + text)).join('') + after + close,
    );
}

/** Any value, nested. */
export const oddValue: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    oddScalar,
    oddList(tie('value')),
    oddObject({ a: tie('value'), 2: tie('value'), 1: tie('value') }),
  ),
})).value;

/** Now and then a character more, or one less. */
export function damaged(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const damage = fc.record({
    at: fc.nat(),
    add: fc.constantFrom('', '"', '\\', ',', '}', ']', '0', 'u', ' ', '\t', '\u0001'),
  });
  return fc.tuple(text, fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, damage)).map(([whole, harm]) => {
    if (harm === null) return whole;
    const at = harm.at % (whole.length + 1);
    return whole.slice(0, at) + harm.add + whole.slice(harm.add === '' ? at + 1 : at);
  });
}
