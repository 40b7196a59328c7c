import { didYouMean } from '../base/did-you-mean.js';
import type { Diagnostic, Location } from './diagnostic.js';
import { meant, nameList } from './names.js';

type At = { readonly at: Location };

/** Mistakes in `${…}`, `--set` and matrices. */
export const valueErrors = {
  /** `${…}` that cannot be read. */
  badReference: ({ at, reason, next }: At & { readonly reason: string; readonly next?: string }): Diagnostic => ({
    code: 'VB120',
    headline: reason,
    at,
    next: next ?? 'write `${vars.NAME}`, `${env.NAME}`, `${params.NAME}` or `${matrix.NAME}`',
  }),
  /** `${variables.x}`: no such space. */
  unknownSpace: ({ at, space, rest }: At & { readonly space: string; readonly rest: string }): Diagnostic => {
    const likely = didYouMean(space, ['vars', 'env', 'params', 'matrix']);
    return {
      code: 'VB121',
      headline: `nothing is called \`${space}\` in \`\${${space}.${rest}}\``,
      at,
      facts: [['known', 'vars, env, params, matrix']],
      next:
        likely === undefined ? 'write `$${` for the characters themselves' : `did you mean \`\${${likely}.${rest}}\`?`,
    };
  },
  /** A var, param or matrix key that is not there. */
  unknownValue: ({
    at,
    space,
    name,
    known,
    inCommand,
  }: At & {
    readonly space: string;
    readonly name: string;
    readonly known: readonly string[];
    readonly inCommand: boolean;
  }): Diagnostic => {
    const add = `add it under \`${space}\``;
    return {
      code: 'VB122',
      headline: `there is no \`${space}.${name}\``,
      at,
      facts: [[space, nameList(known)]],
      ...meant(name, known, inCommand ? add : `${add}, or give a default: \`\${${space}.${name}:-…}\``),
    };
  },
  /** A space that has no values at this place. */
  notHere: ({ at, name, space }: At & { readonly name: string; readonly space: string }): Diagnostic => ({
    code: 'VB123',
    headline: `\`${name}\` cannot be used here`,
    at,
    next: space === 'matrix' ? 'only a target with `matrix` has it' : `\`${space}\` belongs to a target; use \`vars\``,
  }),
  /** Values that need each other. */
  valueCycle: ({
    space,
    name,
    edges,
  }: {
    readonly space: string;
    readonly name: string;
    readonly edges: readonly { readonly name: string; readonly from: Location }[];
  }): Diagnostic => {
    const round = [name, ...edges.map((edge) => edge.name)];
    const [first, ...rest] = edges;
    const label = (index: number): string => `\`${round[index] ?? ''}\` needs \`${round[index + 1] ?? ''}\``;
    return {
      code: 'VB124',
      headline: `${space} need each other: ${round.map((each) => `\`${each}\``).join(' → ')}`,
      ...(first === undefined ? {} : { at: first.from }),
      also: rest.map((edge, index) => ({ label: label(index + 1), at: edge.from })),
      next: 'give one of them a value of its own',
    };
  },
  /** A list, map or nothing in the midst of a text. */
  notText: ({ at, name, found }: At & { readonly name: string; readonly found: string }): Diagnostic => ({
    code: 'VB125',
    headline: `\`${name}\` is ${found}, and cannot be a piece of a text`,
    at,
    next: 'let the value be this one `${…}` alone, or use a text or number',
  }),
  /** `${env.X}` of a variable that is not set. */
  unsetVariable: ({ at, name, file }: At & { readonly name: string; readonly file: string }): Diagnostic => ({
    code: 'VB126',
    headline: `the environment variable \`${name}\` is not set`,
    at,
    next: `set it, add it to \`${file}\`, or give a default: \`\${env.${name}:-…}\``,
  }),
  /** `${env.X}` whose default is a number, while the value is none. */
  variableType: ({
    at,
    name,
    wanted,
    fallback,
  }: At & { readonly name: string; readonly wanted: string; readonly fallback: string }): Diagnostic => ({
    code: 'VB127',
    headline: `the environment variable \`${name}\` must be ${wanted}, as its default \`${fallback}\` is`,
    at,
    next: `set it to ${wanted}, or quote the default`,
  }),
  /** `${env.X}` of a secret: it would end up in keys and the lock. */
  secretRead: ({ at, name, declared }: At & { readonly name: string; readonly declared: Location }): Diagnostic => ({
    code: 'VB128',
    headline: `\`${name}\` is a secret: \`\${env.${name}}\` would write it into keys and the lock`,
    at,
    also: [{ label: 'declared a secret', at: declared }],
    next: 'let the rule read it from `secrets`, or the command from its environment',
  }),
  /** `{vars.x}` in a path, where `${vars.x}` is meant. */
  missingDollar: ({ at, text }: At & { readonly text: string }): Diagnostic => ({
    code: 'VB129',
    headline: `\`${text}\` has braces without a dollar`,
    at,
    next: `write \`${text.replaceAll(/\$?\{(?=(vars|params|matrix|env)\.)/g, '${')}\``,
  }),
  /** `--set` with something else than `vars.NAME=VALUE`. */
  badSet: ({ text, next }: { readonly text: string; readonly next: string }): Diagnostic => ({
    code: 'VB130',
    headline: `\`--set ${text}\` sets no var`,
    next,
  }),
  /** `--set` of a var that the file does not have. */
  unknownSet: ({
    text,
    name,
    known,
  }: {
    readonly text: string;
    readonly name: string;
    readonly known: readonly string[];
  }): Diagnostic => ({
    code: 'VB131',
    headline: `\`--set ${text}\`: the pipeline has no var \`${name}\``,
    facts: [['vars', nameList(known)]],
    ...meant(name, known),
  }),
  /** A matrix or one of its keys without values. */
  emptyMatrix: ({ at, what }: At & { readonly what: string }): Diagnostic => ({
    code: 'VB135',
    headline: `${what} has no values: there would be no target`,
    at,
    next: 'write `matrix: { key: [value, value] }`, or remove it',
  }),
  /** A matrix value that cannot be in a name. */
  matrixValue: ({ at, key, found }: At & { readonly key: string; readonly found: string }): Diagnostic => ({
    code: 'VB136',
    headline: `a value of matrix key \`${key}\` is ${found}, which cannot be in a target's name`,
    at,
    facts: [['values', 'letters, digits, `.`, `_`, `+` and `-`']],
  }),
  /** A matrix value that is there twice. */
  matrixTwice: ({ at, key, name }: At & { readonly key: string; readonly name: string }): Diagnostic => ({
    code: 'VB137',
    headline: `matrix key \`${key}\` has \`${name}\` twice`,
    at,
    next: 'keep one',
  }),
  /** More instances than anybody wants. */
  matrixTooLarge: ({ at, limit }: At & { readonly limit: number }): Diagnostic => ({
    code: 'VB138',
    headline: `the matrix makes more than ${limit} targets`,
    at,
    next: 'let a rule with parts do this: parts are cheaper than targets',
  }),
  /** An output of a matrix target whose path is the same for several instances. */
  outputLacksKey: ({ at, keys }: At & { readonly keys: readonly string[] }): Diagnostic => ({
    code: 'VB139',
    headline: `the path lacks ${keys.map((key) => `\`\${matrix.${key}}\``).join(' and ')}: instances would write one file`,
    at,
    next: 'let each output path contain every key of the matrix',
  }),
} as const;
