import type { Diagnostic, Location } from './diagnostic.js';
import { meant, nameList } from './names.js';

type At = { readonly at: Location };

/** Mistakes in the keys of the pipeline file: targets, rules, params, options. */
export const configErrors = {
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
