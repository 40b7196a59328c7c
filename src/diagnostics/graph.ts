import { didYouMean } from '../base/did-you-mean.js';
import { nameList } from './names.js';
import type { Diagnostic, Location } from './diagnostic.js';

/** As in artifacts/, which is above. */
type KindName = 'file' | 'directory' | 'jsonl' | 'sqlite';
type At = { readonly at: Location };
type Other = { readonly label: string; readonly at: Location };

const KINDS: Readonly<Record<KindName, string>> = {
  file: 'a file',
  directory: 'a directory',
  jsonl: 'a JSONL file',
  sqlite: 'a database',
};

/** Mistakes in how targets, files and commands fit together. */
export const graphErrors = {
  /** No target has this name, where only a target will do. */
  unknownTarget: ({
    at,
    name,
    known,
  }: {
    readonly at?: Location;
    readonly name: string;
    readonly known: readonly string[];
  }): Diagnostic => {
    const base = name.replace(/[.@].*$/, '');
    const likely = known.includes(base) ? base : didYouMean(base, known);
    return {
      code: 'VB160',
      headline: `there is no target \`${name}\``,
      ...(at === undefined ? {} : { at }),
      facts: [['targets', nameList(known, 20)]],
      ...(likely === undefined ? {} : { next: `did you mean \`${likely}\`?` }),
    };
  },
  /** `a.b` where `a` has no output `b`. */
  unknownOutput: ({
    at,
    target,
    output,
    outputs,
    text,
  }: {
    readonly at?: Location;
    readonly target: string;
    readonly output: string;
    readonly outputs: readonly string[];
    readonly text: string;
  }): Diagnostic => {
    const likely = didYouMean(output, outputs);
    return {
      code: 'VB161',
      headline: `target \`${target}\` has no output \`${output}\``,
      ...(at === undefined ? {} : { at }),
      facts: [['outputs', nameList(outputs)]],
      next:
        likely === undefined
          ? `write \`./${text}\` for the path of that name`
          : `did you mean \`${target}.${likely}\`? the path is \`./${text}\``,
    };
  },
  /** A bare target with several outputs. */
  severalOutputs: ({
    at,
    base,
    outputs,
    suffix,
  }: At & { readonly base: string; readonly outputs: readonly string[]; readonly suffix: string }): Diagnostic => ({
    code: 'VB162',
    headline: `target \`${base}\` has ${outputs.length} outputs: say which`,
    at,
    facts: [['outputs', nameList(outputs)]],
    next: `write \`${base}.${outputs[0] ?? ''}${suffix}\``,
  }),
  /** `@k=v` with a key the target's matrix does not have. */
  unknownMatrixKey: ({
    at,
    base,
    key,
    keys,
  }: {
    readonly at?: Location;
    readonly base: string;
    readonly key: string;
    readonly keys: readonly string[];
  }): Diagnostic => {
    const likely = didYouMean(key, keys);
    return {
      code: 'VB163',
      headline:
        keys.length === 0 ? `target \`${base}\` has no matrix` : `the matrix of \`${base}\` has no key \`${key}\``,
      ...(at === undefined ? {} : { at }),
      ...(keys.length === 0 ? {} : { facts: [['keys', nameList(keys)]] as const }),
      next: likely === undefined ? `write \`${base}\`` : `did you mean \`${likely}\`?`,
    };
  },
  /** `@k=v` with a value the matrix does not have. */
  unknownInstance: ({
    at,
    base,
    key,
    value,
    values,
  }: {
    readonly at?: Location;
    readonly base: string;
    readonly key: string;
    readonly value: string;
    readonly values: readonly string[];
  }): Diagnostic => {
    const likely = didYouMean(value, values);
    return {
      code: 'VB164',
      headline: `\`${base}\` is not made for \`${key}=${value}\``,
      ...(at === undefined ? {} : { at }),
      facts: [[key, nameList(values, 20)]],
      ...(likely === undefined ? {} : { next: `did you mean \`${base}@${key}=${likely}\`?` }),
    };
  },
  /** Several references for a role that takes one artifact. */
  listForSingle: ({ at, role, count }: At & { readonly role: string; readonly count: string }): Diagnostic => ({
    code: 'VB165',
    headline: `input \`${role}\` takes one artifact, and this is ${count}`,
    at,
    next: 'name one, or use a rule whose role takes a list',
  }),
  /** A directory where a file is read, or the other way round. */
  kindMismatch: ({
    at,
    role,
    wanted,
    found,
    made,
  }: At & {
    readonly role: string;
    readonly wanted: KindName;
    readonly found: KindName;
    readonly made?: Location;
  }): Diagnostic => ({
    code: 'VB166',
    headline: `input \`${role}\` reads ${KINDS[wanted]}, and this is ${KINDS[found]}`,
    at,
    ...(made === undefined ? {} : { also: [{ label: `${KINDS[found]}, made here`, at: made }] }),
  }),
  /** Files and directories in one input of a command. */
  mixedKinds: ({ at, role }: At & { readonly role: string }): Diagnostic => ({
    code: 'VB167',
    headline: `input \`${role}\` mixes files and directories`,
    at,
    next: 'make two inputs of it',
  }),
  /** An input that does not exist and that nothing makes. */
  missingInput: ({
    at,
    what,
    path,
    likely,
  }: At & {
    readonly what: 'file' | 'folder';
    readonly path: string;
    readonly likely: string | undefined;
  }): Diagnostic => ({
    code: 'VB168',
    headline: `there is no ${what} \`${path}\`, and no target makes it`,
    at,
    next: likely === undefined ? `put the ${what} there, or correct the path` : `did you mean \`${likely}\`?`,
  }),
  /** A glob that matches nothing, built or not. */
  noMatch: ({ at, pattern }: At & { readonly pattern: string }): Diagnostic => ({
    code: 'VB169',
    headline: `nothing matches \`${pattern}\`, and no target makes what would`,
    at,
    facts: [['never matched', 'cache, .git, node_modules, .DS_Store, Thumbs.db']],
    next: 'put files there, or correct the pattern',
  }),
  /** A path that is no path. */
  badPath: ({ at, text, reason }: At & { readonly text: string; readonly reason: string }): Diagnostic => ({
    code: 'VB170',
    headline: `\`${JSON.stringify(text).slice(1, -1)}\` cannot be used as a path: ${reason}`,
    at,
  }),
  /** An absolute output. */
  absoluteOutput: ({
    at,
    text,
    inside,
  }: At & { readonly text: string; readonly inside: string | undefined }): Diagnostic => ({
    code: 'VB171',
    headline: `output \`${text}\` is absolute: the pipeline would only work on this machine`,
    at,
    next: inside === undefined ? 'write a path relative to the pipeline file' : `write \`${inside}\``,
  }),
  /** An output above the project's folder. */
  outputOutside: ({ at, text }: At & { readonly text: string }): Diagnostic => ({
    code: 'VB172',
    headline: `output \`${text}\` is outside the project`,
    at,
    next: 'write a path below the folder of the pipeline file',
  }),
  /** An output in a folder that is a link out of the project. */
  outputThroughLink: ({
    at,
    text,
    link,
    to,
  }: At & { readonly text: string; readonly link: string; readonly to: string }): Diagnostic => ({
    code: 'VB173',
    headline: `output \`${text}\` is outside the project, through the link \`${link}\``,
    at,
    facts: [['link', `${link} → ${to}`]],
    next: 'write to a folder of the project; `cache/` may be a link to another disk',
  }),
  /** An output of a non-directory kind with a trailing slash. */
  outputNotFolder: ({ at, text, kind }: At & { readonly text: string; readonly kind: KindName }): Diagnostic => ({
    code: 'VB174',
    headline: `output \`${text}\` is ${KINDS[kind]}, and has a slash at its end`,
    at,
    next: `write \`${text.replace(/\/+$/, '')}\``,
  }),
  /** An output in a folder that is never part of anything. */
  outputIgnored: ({ at, text, name }: At & { readonly text: string; readonly name: string }): Diagnostic => ({
    code: 'VB175',
    headline: `output \`${text}\` is in \`${name}\`, which is never part of a directory or glob`,
    at,
    next: 'choose another folder',
  }),
  /** An output that would replace the pipeline, its lock, a rule or another source. */
  outputIsSource: ({
    at,
    text,
    path,
    what,
  }: At & { readonly text: string; readonly path: string; readonly what: string }): Diagnostic => ({
    code: 'VB176',
    headline: `output \`${text}\` would overwrite ${what}`,
    at,
    ...(path === text ? {} : { facts: [['file', path]] as const }),
    next: 'choose another path',
  }),
  /** Two outputs with one path. */
  sameOutput: ({
    at,
    path,
    first,
    second,
    firstAt,
  }: At & {
    readonly path: string;
    readonly first: string;
    readonly second: string;
    readonly firstAt: Location;
  }): Diagnostic => ({
    code: 'VB177',
    headline:
      first === second
        ? `\`${first}\` has two outputs at \`${path}\``
        : `\`${first}\` and \`${second}\` both make \`${path}\``,
    at,
    also: [{ label: `made by \`${first}\``, at: firstAt }],
    next: 'give one of them another path',
  }),
  /** An output inside another. */
  overlap: ({
    at,
    inner,
    outer,
    innerTarget,
    outerTarget,
    outerAt,
  }: At & {
    readonly inner: string;
    readonly outer: string;
    readonly innerTarget: string;
    readonly outerTarget: string;
    readonly outerAt: Location;
  }): Diagnostic => ({
    code: 'VB178',
    headline: `output \`${inner}\` of \`${innerTarget}\` is inside output \`${outer}\` of \`${outerTarget}\``,
    at,
    also: [{ label: `\`${outer}\``, at: outerAt }],
    next: 'give each its own folder: a directory output belongs to one target',
  }),
  /** Two outputs whose names are one on other file systems. */
  twins: ({
    at,
    one,
    other,
    otherAt,
  }: At & { readonly one: string; readonly other: string; readonly otherAt: Location }): Diagnostic => ({
    code: 'VB179',
    headline: `\`${one}\` and \`${other}\` are one name on file systems that ignore case or Unicode form`,
    at,
    also: [{ label: `\`${other}\``, at: otherAt }],
    next: 'choose names that differ in more than that',
  }),
  /** A target that reads what it makes. */
  ownOutput: ({
    at,
    target,
    how,
    output,
  }: At & { readonly target: string; readonly how: string; readonly output: Other }): Diagnostic => ({
    code: 'VB180',
    headline: `\`${target}\` reads its own output: ${how}`,
    at,
    also: [output],
    next: 'let it read something else, or write somewhere else',
  }),
  /** Targets that need each other. */
  cycle: ({ round, edges }: { readonly round: readonly string[]; readonly edges: readonly Other[] }): Diagnostic => {
    const [first, ...rest] = edges;
    return {
      code: 'VB181',
      headline: `targets need each other: ${round.map((name) => `\`${name}\``).join(' → ')}`,
      ...(first === undefined ? {} : { at: first.at }),
      also: rest,
      next: 'take one of these edges out',
    };
  },
  /** `{inputs.x}` of a command that has no such input. */
  unknownHole: ({
    at,
    group,
    name,
    known,
  }: At & { readonly group: string; readonly name: string; readonly known: readonly string[] }): Diagnostic => {
    const likely = didYouMean(name, known);
    return {
      code: 'VB185',
      headline: `the command has no \`${group}.${name}\``,
      at,
      facts: [[group, nameList(known)]],
      next: likely === undefined ? `add \`${name}\` under \`${group}\`` : `did you mean \`{${group}.${likely}}\`?`,
    };
  },
  /** `${vars.x}` in a command, where `$` is the shell's. */
  dollarInCommand: ({
    at,
    name,
    environment,
  }: At & { readonly name: string; readonly environment: boolean }): Diagnostic => ({
    code: 'VB186',
    headline: `in a command \`$\` is the shell's, and no shell knows \`\${${name}}\``,
    at,
    next: environment
      ? `write \`"$${name.replace('env.', '')}"\`, and declare it: \`env: [${name.replace('env.', '')}]\``
      : `write \`{${name}}\``,
  }),
  /** A command with a character that no program can be given. */
  nulInCommand: ({ at, target }: At & { readonly target: string }): Diagnostic => ({
    code: 'VB188',
    headline: `the command of \`${target}\` has a NUL character in it: no program can be given one`,
    at,
    next: 'take `\\0` out of the command, or of the var or param that it is filled in from',
  }),
  /** A word of a command that is a file nobody declared. */
  undeclaredFile: ({
    at,
    word,
    path,
    maker,
  }: At & { readonly word: string; readonly path: string; readonly maker: string | undefined }): Diagnostic => ({
    code: 'VB187',
    headline:
      maker === undefined
        ? `\`${word}\` is a file of the project and no input: an edit of it would go unnoticed`
        : `\`${word}\` is made by \`${maker}\` and is no input: it may not be there yet, or be old`,
    at,
    next:
      maker === undefined
        ? `add it to \`inputs\`, as in \`inputs: { ${roleFor(path)}: ${path} }\`, and write \`{inputs.${roleFor(path)}}\`; or list it under \`allow: [${path}]\``
        : `add it to \`inputs\`, as in \`inputs: { ${roleFor(path)}: ${maker} }\`, and write \`{inputs.${roleFor(path)}}\``,
  }),
} as const;

/** A role name that suits a file: `card.py` is a `script`. */
function roleFor(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1);
  if (/\.(py|sh|js|mjs|ts|rb|pl)$/.test(base)) return 'script';
  const stem = base.replace(/\..*$/, '').replaceAll(/[^A-Za-z0-9_]+/g, '_');
  return /^[A-Za-z_]/.test(stem) ? stem : 'file';
}
