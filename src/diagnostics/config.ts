import { didYouMean } from '../base/did-you-mean.js';
import type { Diagnostic, Location } from './diagnostic.js';

type At = { readonly at: Location };

/** `a`, `b` and 3 more: names for a fact. */
export function nameList(names: readonly string[], most = 12): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** The likely name, else `otherwise`. */
function meant(name: string, known: Iterable<string>, otherwise?: string): { next?: string } {
  const likely = didYouMean(name, known);
  const next = likely === undefined ? otherwise : `did you mean \`${likely}\`?`;
  return next === undefined ? {} : { next };
}

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

/** Mistakes in the pipeline file: its text, keys, values, params and outputs. */
export const configErrors = {
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
  /** The file says another version than this vlmbuild reads. */
  version: ({ at, found, newer }: At & { readonly found: string; readonly newer: boolean }): Diagnostic => ({
    code: 'VB110',
    headline: `the pipeline is of version ${found}, and this vlmbuild reads version 1`,
    at,
    next: newer ? 'update vlmbuild, or write `version: 1` if the file is of this form' : 'write `version: 1`',
  }),
  /** Something required is not there. */
  missingKey: ({
    at,
    name,
    where,
    example,
  }: At & { readonly name: string; readonly where: string; readonly example: string }): Diagnostic => ({
    code: 'VB111',
    headline: `${where} has no \`${name}\``,
    at,
    next: `add \`${example}\``,
  }),
  /** A key that nothing reads. */
  unknownKey: ({
    at,
    name,
    where,
    known,
  }: At & { readonly name: string; readonly where: string; readonly known: readonly string[] }): Diagnostic => ({
    code: 'VB112',
    headline: `${where} has no key \`${name}\``,
    at,
    facts: [['keys', nameList(known, 30)]],
    ...(name === '<<'
      ? { next: 'merge keys are not YAML 1.2: use `vars`, or write the values out' }
      : meant(name, known)),
  }),
  /** A value of another type than is wanted. */
  wrongType: ({
    at,
    what,
    wanted,
    found,
  }: At & { readonly what: string; readonly wanted: string; readonly found: string }): Diagnostic => ({
    code: 'VB113',
    headline: `${what} must be ${wanted}, and is ${found}`,
    at,
  }),
  /** A name with characters that names do not have. */
  badName: ({ at, what, name }: At & { readonly what: string; readonly name: string }): Diagnostic => ({
    code: 'VB114',
    headline: `\`${name}\` is no name for ${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}`,
    at,
    facts: [
      name === '__proto__'
        ? ['taken', 'in JavaScript every object has it already']
        : ['names', 'a letter or `_`, then letters, digits, `_` and `-`'],
    ],
    ...suggestName(name),
  }),
  /** A target that says neither or both of `rule` and `run`. */
  ruleOrRun: ({ at, target, both }: At & { readonly target: string; readonly both: boolean }): Diagnostic => ({
    code: 'VB115',
    headline: both ? `\`${target}\` has both \`rule\` and \`run\`` : `\`${target}\` has neither \`rule\` nor \`run\``,
    at,
    next: both ? 'keep the one that makes it' : 'say what makes it: `rule: GROUP/NAME`, or `run: COMMAND`',
  }),
  /** A key that only commands have. */
  onlyForCommands: ({ at, name }: At & { readonly name: string }): Diagnostic => ({
    code: 'VB116',
    headline: `\`${name}\` is for targets with \`run\``,
    at,
    next: `remove \`${name}\`: a rule says itself what it uses`,
  }),
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
  /** No rule has this name. */
  unknownRule: ({
    at,
    name,
    known,
  }: At & { readonly name: string; readonly known: readonly string[] }): Diagnostic => ({
    code: 'VB140',
    headline: `there is no rule \`${name}\``,
    at,
    facts: [['rules', nameList(known, 20)]],
    ...meant(name, known, `write \`rules/${name}.ts\`, or see all with \`vlmbuild rules\``),
  }),
  /** A param the rule does not have. */
  unknownParam: ({
    at,
    rule,
    name,
    last,
    known,
  }: At & {
    readonly rule: string;
    readonly name: string;
    readonly last: string;
    readonly known: readonly string[];
  }): Diagnostic => ({
    code: 'VB141',
    headline: `\`${rule}\` has no param \`${name}\``,
    at,
    facts: [['params', nameList(known, 20)]],
    ...meant(last, known),
  }),
  /** A param the rule refuses. */
  paramRefused: ({
    at,
    rule,
    name,
    message,
    meaning,
  }: At & {
    readonly rule: string;
    readonly name: string;
    readonly message: string;
    readonly meaning?: string;
  }): Diagnostic => ({
    code: 'VB142',
    headline: `${name === '' ? 'params' : `param \`${name}\``} of \`${rule}\`: ${message.charAt(0).toLowerCase()}${message.slice(1)}`,
    at,
    ...(meaning === undefined ? {} : { facts: [['means', meaning]] as const }),
  }),
  /** An input or output role the rule does not have. */
  unknownRole: ({
    at,
    rule,
    side,
    name,
    known,
  }: At & {
    readonly rule: string;
    readonly side: 'input' | 'output';
    readonly name: string;
    readonly known: readonly string[];
  }): Diagnostic => ({
    code: 'VB143',
    headline: `\`${rule}\` has no ${side} \`${name}\``,
    at,
    facts: [[`${side}s`, nameList(known, 20)]],
    ...meant(name, known),
  }),
  /** A role that has to be given. */
  missingRole: ({
    at,
    rule,
    side,
    name,
  }: At & { readonly rule: string; readonly side: 'input' | 'output'; readonly name: string }): Diagnostic => ({
    code: 'VB144',
    headline: `\`${rule}\` needs the ${side} \`${name}\``,
    at,
    next: `add \`${name}: …\` under \`${side}s\``,
  }),
  /** An input that a param gives as well. */
  inputTwice: ({
    at,
    name,
    param,
    other,
  }: At & { readonly name: string; readonly param: string; readonly other: Location }): Diagnostic => ({
    code: 'VB148',
    headline: `\`${name}\` is both an input and the param \`${param}\`, which mean the same`,
    at,
    also: [{ label: 'the param', at: other }],
    next: 'keep one of the two',
  }),
  /** A bare value where there are several roles. */
  bareRoles: ({
    at,
    rule,
    side,
    known,
  }: At & {
    readonly rule: string;
    readonly side: 'input' | 'output';
    readonly known: readonly string[];
  }): Diagnostic => ({
    code: 'VB145',
    headline: `\`${rule}\` has ${known.length === 0 ? 'no' : 'several'} ${side}s: ${known.length === 0 ? `remove \`${side}s\`` : 'say which'}`,
    at,
    facts: [[`${side}s`, nameList(known, 20)]],
    ...(known[0] === undefined ? {} : { next: `write \`${side}s: { ${known[0]}: … }\`` }),
  }),
  /** A target without outputs. */
  noOutputs: ({ at, target }: At & { readonly target: string }): Diagnostic => ({
    code: 'VB146',
    headline: `\`${target}\` has no outputs`,
    at,
    next: 'add `outputs: PATH`, or `outputs: { name: PATH }`',
  }),
  /** `allow_failures` where there are no parts. */
  noParts: ({ at, target }: At & { readonly target: string }): Diagnostic => ({
    code: 'VB147',
    headline: `\`${target}\` is made in one go: there are no parts that could fail on their own`,
    at,
    next: 'remove `allow_failures`',
  }),
  /** A name of an environment variable that is none. */
  badVariableName: ({ at, name, key }: At & { readonly name: string; readonly key: string }): Diagnostic => ({
    code: 'VB150',
    headline: `\`${name}\` is no name of an environment variable`,
    at,
    next: `list names alone: \`${key}: [NAME, NAME]\``,
  }),
  /** A name both under `env` and `secrets`. */
  envAndSecret: ({ at, name, other }: At & { readonly name: string; readonly other: Location }): Diagnostic => ({
    code: 'VB151',
    headline: `\`${name}\` is both under \`env\` and \`secrets\``,
    at,
    also: [{ label: 'under `env`', at: other }],
    next: 'keep it under `env` if its value decides the result, else under `secrets`',
  }),
  /** A pool that is not declared. */
  unknownPool: ({
    at,
    name,
    known,
  }: At & { readonly name: string; readonly known: readonly string[] }): Diagnostic => ({
    code: 'VB152',
    headline: `there is no resource or pool \`${name}\``,
    at,
    facts: [['known', nameList(['cpus', 'gpus', ...known])]],
    ...meant(name, ['cpus', 'gpus', ...known], `declare it at the top: \`pools: { ${name}: 4 }\``),
  }),
  /** More of a pool than there is. */
  poolTooSmall: ({
    at,
    name,
    amount,
    size,
  }: At & { readonly name: string; readonly amount: number; readonly size: number }): Diagnostic => ({
    code: 'VB153',
    headline: `\`${name}\` has ${size}, and this wants ${amount}: it could never run`,
    at,
    next: `take ${size} or less, or enlarge the pool`,
  }),
  /** A pool with the name of a built-in resource. */
  reservedPool: ({ at, name }: At & { readonly name: string }): Diagnostic => ({
    code: 'VB154',
    headline: `\`${name}\` is a resource of its own, and no pool`,
    at,
    next: 'choose another name',
  }),
} as const;

function suggestName(name: string): { next?: string } {
  const repaired = name
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[^A-Za-z_]+/, '')
    .replace(/-+$/, '');
  return ['', name].includes(repaired) ? {} : { next: `write \`${repaired}\`` };
}
