import type { Diagnostic, Location } from './diagnostic.js';

type At = { readonly at: Location };

/** What the YAML parser's codes mean, where its own words do not help. */
const SYNTAX: Readonly<Record<string, { readonly what?: string; readonly next?: string }>> = {
  TAB_AS_INDENT: { what: 'a tab is used as indentation', next: 'indent with spaces' },
  BAD_INDENT: { next: 'line it up with its siblings' },
  MULTIPLE_DOCS: { what: 'there is more than one document', next: 'remove the `---`: a pipeline is one document' },
  BLOCK_AS_IMPLICIT_KEY: { next: 'quote the value if it has `: ` in it' },
  MULTILINE_IMPLICIT_KEY: { what: 'a key has no `:` behind it', next: 'write `key: value`, each on its own line' },
  TAG_RESOLVE_FAILED: { what: 'a tag is used', next: 'remove the `!`, or quote the text' },
  BAD_ALIAS: { next: 'quote a text that starts with `*` or `&`' },
};

/** Mistakes in the text of the pipeline file. */
export const yamlErrors = {
  /** The pipeline file cannot be read. */
  unreadable: ({ path, reason }: { readonly path: string; readonly reason: string }): Diagnostic => ({
    code: 'VB101',
    headline: `\`${path}\` cannot be read: ${reason}`,
    next: 'run `vlmbuild init` to start a project, or name the file with `-f FILE`',
  }),
  /** The bytes of the pipeline file are no text in UTF-8. */
  notUtf8: ({ at }: At): Diagnostic => ({
    code: 'VB117',
    headline: 'not UTF-8: there is a byte that is no character',
    at,
    next: 'save the file as UTF-8',
  }),
  /** The text is not YAML. */
  notYaml: ({ at, code, message }: At & { readonly code: string; readonly message: string }): Diagnostic => {
    const open = /(?:must|and) end with a ([}\]])/.exec(message)?.[1];
    if (open !== undefined) {
      const headline = `not YAML: a \`${open === '}' ? '{' : '['}\` before this is not closed`;
      return { code: 'VB102', headline, at, next: `add the \`${open}\`` };
    }
    const known = SYNTAX[code];
    const text = message.replace(/ at line \d+, column \d+:?$/, '').split('\n', 1)[0] ?? '';
    const what = known?.what ?? text.charAt(0).toLowerCase() + text.slice(1);
    return {
      code: 'VB102',
      headline: `not YAML: ${what}`,
      at,
      ...(known?.next === undefined ? {} : { next: known.next }),
    };
  },
  /** A `${…}` in a flow map or list without quotes. */
  unquotedReference: ({ at, text }: At & { readonly text: string }): Diagnostic => ({
    code: 'VB103',
    headline: 'YAML needs quotes around `${…}` inside `{ }` and `[ ]`',
    at,
    next: `write \`"${text.replaceAll('"', "'")}"\``,
  }),
  /** A key stands twice in one map. */
  duplicateKey: ({ at, name, first }: At & { readonly name: string; readonly first: Location }): Diagnostic => ({
    code: 'VB104',
    headline: `\`${name}\` is there twice`,
    at,
    also: [{ label: 'the first', at: first }],
    next: 'keep one of the two',
  }),
  /** A key that is a list, a map or empty. */
  keyNotText: ({ at }: At): Diagnostic => ({
    code: 'VB105',
    headline: 'a key must be a text',
    at,
    next: 'write `name: value`',
  }),
  /** An alias of nothing, or of something that contains it. */
  badAlias: ({ at, name, recursive }: At & { readonly name: string; readonly recursive: boolean }): Diagnostic => ({
    code: 'VB106',
    headline: recursive
      ? `\`*${name}\` stands inside \`&${name}\`: it would never end`
      : `there is no anchor \`&${name}\``,
    at,
    next: 'write the value out, or use `vars`',
  }),
  /** Aliases of aliases that grow beyond all measure. */
  aliasBomb: ({ at, nodes }: At & { readonly nodes: number }): Diagnostic => ({
    code: 'VB107',
    headline: `aliases make this file ${nodes > 1e9 ? 'over a billion' : String(nodes)} values long: it is refused`,
    at,
    next: 'write the values out, or use `vars`',
  }),
  /** Nesting that nobody writes. */
  tooDeep: ({ at }: At): Diagnostic => ({
    code: 'VB108',
    headline: 'nested too deep',
    at,
    next: 'a pipeline needs a handful of levels; look for a bracket that is not closed',
  }),
  /** A number that JSON or a double cannot hold. */
  unusableNumber: ({ at, text }: At & { readonly text: string }): Diagnostic => ({
    code: 'VB109',
    headline: `\`${text}\` cannot be kept exactly as a number`,
    at,
    next: `quote it to have a text: \`"${text}"\``,
  }),
} as const;
