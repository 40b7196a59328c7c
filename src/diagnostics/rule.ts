import type { Diagnostic, Location } from './diagnostic.js';

/** Mistakes in the modules of rules. */
export const ruleErrors = {
  /** A module of a rule has a mistake that esbuild reports: syntax, an import that leads nowhere or has no such export. */
  doesNotBundle: (rule: string, text: string, at: Location | undefined, notes: readonly string[]): Diagnostic => ({
    code: 'VB201',
    headline: `rule \`${rule}\` cannot be read: ${lowered(text)}`,
    ...(at && { at }),
    ...(notes.length > 0 && { facts: notes.map((note) => ['note', lowered(note)] as const) }),
  }),
  /** A rule imports an npm package that is not installed where the rule is. */
  packageNotInstalled: (rule: string, name: string, at: Location | undefined): Diagnostic => ({
    code: 'VB202',
    headline: `rule \`${rule}\` imports \`${name}\`, which is not installed`,
    ...(at && { at }),
    next: `install it beside the rule: \`npm install ${name}\``,
  }),
  /** A rule asks where its own module is: its bundle has no such place, and its key would not know. */
  ownPlace: (rule: string, what: string, at: Location | undefined): Diagnostic => ({
    code: 'VB203',
    headline: `rule \`${rule}\` uses \`${what}\`, which a bundled rule does not have`,
    ...(at && { at }),
    next: 'import the file (`.json`, `.txt`, `.png` … become values), or declare it as an input',
  }),
  /** A rule imports a module whose name is computed: its key could not know what runs. */
  computedImport: (rule: string, what: string, at: Location | undefined): Diagnostic => ({
    code: 'VB204',
    headline: `rule \`${rule}\` computes what it ${what === 'import' ? 'imports' : 'requires'}`,
    ...(at && { at }),
    next: `name the module in the \`${what}\` itself, so that a change of it is noticed`,
  }),
  /** A module under `rules/GROUP/` has no default export. */
  noDefaultExport: (rule: string, at: Location, exports: readonly string[]): Diagnostic => ({
    code: 'VB205',
    headline: `rule \`${rule}\` has no default export`,
    at,
    ...(exports.length > 0 && { facts: [['exports', exports.join(', ')] as const] }),
    next: 'write `export default defineRule({ … })`; what rules share belongs in `rules/lib/` or a deeper folder',
  }),
  /** The default export of a rule's module was not made by `defineRule`. */
  notARule: (rule: string, at: Location, found: string): Diagnostic => ({
    code: 'VB206',
    headline: `the default export of rule \`${rule}\` is ${found}`,
    at,
    next: "write `export default defineRule({ … })`, with `defineRule` from 'vlmbuild'",
  }),
  /** A definition lacks something, or has it in a form that does not work. */
  malformed: (rule: string, at: Location, what: string, message: string): Diagnostic => ({
    code: 'VB207',
    headline: `\`${what}\` of rule \`${rule}\` ${message}`,
    at,
  }),
  /** An object of a rule's params schema takes keys that it does not name: a misspelt param would pass unseen. */
  paramsNotStrict: (rule: string, at: Location, path: string): Diagnostic => ({
    code: 'VB208',
    headline: `${path === '' ? '`params`' : `param \`${path}\``} of rule \`${rule}\` takes keys that it does not name`,
    at,
    next: 'use `z.strictObject({ … })` at every level, so that a misspelt param is an error',
  }),
  /** A param's type has no JSON form, so that no pipeline file and no key can hold it. */
  paramsNotJson: (rule: string, at: Location, path: string, found: string): Diagnostic => ({
    code: 'VB209',
    headline: `${path === '' ? '`params`' : `param \`${path}\``} of rule \`${rule}\` is a ${found}, which JSON cannot hold`,
    at,
    next: 'take a string or number, and convert it where it is used',
  }),
  /** A rule's module threw while it was loaded. */
  threwOnLoad: (rule: string, at: Location | undefined, message: string, stack: string): Diagnostic => ({
    code: 'VB210',
    headline: `rule \`${rule}\` threw while it was loaded: ${message.split('\n', 1)[0] ?? ''}`,
    ...(at && { at }),
    ...(stack !== '' && { facts: [['stack', stack] as const] }),
  }),
  /** A rule's module awaits something at its top level. */
  topLevelAwait: (rule: string, at: Location): Diagnostic => ({
    code: 'VB214',
    headline: `rule \`${rule}\` awaits while it is imported`,
    at,
    next: 'await within `run`, `parts`, `make` or `assemble`',
  }),
  /** A rule's module runs and runs when it is imported. */
  loadsForever: (rule: string, at: Location, seconds: number): Diagnostic => ({
    code: 'VB213',
    headline: `rule \`${rule}\` was not loaded within ${seconds} s`,
    at,
    next: 'do nothing while the module is imported that can take long: move it into `run` or `make`',
  }),
  /** A check of params, or `concurrency`, threw or gave something that cannot be used. */
  checkFailed: (rule: string, at: Location, message: string, stack: string): Diagnostic => ({
    code: 'VB211',
    headline: `the params of rule \`${rule}\` cannot be checked: ${message.split('\n', 1)[0] ?? ''}`,
    at,
    ...(stack !== '' && { facts: [['stack', stack] as const] }),
  }),
  /** esbuild, which reads the modules of rules, was ended twice: killed, mostly for want of memory. */
  bundlerEnded: (rule: string, message: string): Diagnostic => ({
    code: 'VB212',
    headline: `rule \`${rule}\` could not be read: esbuild's process was ended`,
    facts: [['problem', lowered(message)]],
    next: 'build again, with more memory free',
  }),
} as const;

function lowered(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
