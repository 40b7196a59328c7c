import { basename, resolve } from 'node:path';

/** What was done with a path. */
export type AccessType =
  | 'read'
  | 'written'
  /** A folder whose names were read. */
  | 'listed'
  | 'executed'
  /** Only asked for: it is there, and a file. */
  | 'looked-at'
  /** Asked for, and not there. */
  | 'missing';

export interface Access {
  readonly type: AccessType;
  /** Absolute, as it was named. */
  readonly path: string;
  /** Of an opened file: where links led. */
  readonly resolved?: string;
  /** The base name of the program that did it. */
  readonly program: string;
  /** Whether the process that strace started did it itself, and no child of its. */
  readonly own: boolean;
  readonly seconds: number;
}

interface Process {
  cwd: string;
  program: string;
  readonly own: boolean;
}

/** A quoted text, or a descriptor and its path: `"a"`, `3</b>`, `AT_FDCWD</c>`. */
const TOKEN = /"((?:[^"\\]|\\.)*)"|(?:AT_FDCWD|\b\d+)<((?:[^>\\]|\\.)*)>/g;
const LINE = /^(\d+\.\d+) (\w+)\((.*)$/;
const RESULT = /\) += (-?\d+|\?)(?:<((?:[^>\\]|\\.)*)>)?(?:\(deleted\))?(?: ([A-Z]+) \(.*\))?$/;
const UNFINISHED = / <unfinished \.\.\.>$/;
const RESUMED = /^\d+\.\d+ <\.\.\. \w+ resumed>(.*)$/;

/**
 * Reads the logs of `strace -ff -ttt -y`, one a process, into what was done with which file, in order of time.
 * Relative paths are resolved by following working folders from parent to child.
 *
 * @param logs by process id
 * @param cwd where the processes that strace was given began
 */
export function readStraceLogs(logs: ReadonlyMap<number, string>, cwd: string): Access[] {
  const accesses: Access[] = [];
  const children = new Set([...logs.values()].flatMap((log) => [...log.matchAll(CHILD)].map(([, id]) => Number(id))));
  const seen = new Set<number>();
  const read = (id: number, process: Process): void => {
    const log = logs.get(id);
    if (log === undefined || seen.has(id)) return;
    seen.add(id);
    for (const call of callsOf(log)) {
      const child = childOf(call);
      if (child === undefined) accesses.push(...accessesOf(call, process));
      // A thread is the process itself.
      else read(child, { ...process, own: process.own && call.text.includes('CLONE_THREAD') });
    }
  };
  for (const id of logs.keys()) if (!children.has(id)) read(id, { cwd, program: '', own: true });
  return accesses.sort((a, b) => a.seconds - b.seconds);
}

const CHILD = /^\d+\.\d+ (?:<\.\.\. )?(?:clone3?|v?fork)\b.*\) += (\d+)$/gm;

interface Call {
  readonly name: string;
  /** Arguments and result. */
  readonly text: string;
  readonly seconds: number;
  readonly result: number;
  readonly error: string | undefined;
  /** Of the descriptor that it gave. */
  readonly opened: string | undefined;
  /** Texts and paths of descriptors among the arguments, in order. */
  readonly tokens: readonly { readonly text: string; readonly isFolder: boolean }[];
}

function* callsOf(log: string): Generator<Call> {
  let begun = '';
  for (const written of log.split('\n')) {
    const resumed = RESUMED.exec(written)?.[1];
    if (UNFINISHED.test(written)) {
      begun = written.replace(UNFINISHED, '');
      continue;
    }
    const line = resumed === undefined ? written : begun + resumed;
    const [, seconds = '', name = '', text = ''] = LINE.exec(line) ?? [];
    const [all = '', result = '', opened, error] = RESULT.exec(text) ?? [];
    if (name === '' || result === '' || result === '?') continue;
    const args = text.slice(0, -all.length);
    yield {
      name,
      text,
      seconds: Number(seconds),
      result: Number(result),
      error,
      opened: opened === undefined ? undefined : unescaped(opened),
      tokens: [...args.matchAll(TOKEN)].map(([, quoted, folder]) => ({
        text: unescaped(quoted ?? folder ?? ''),
        isFolder: quoted === undefined,
      })),
    };
  }
}

function childOf({ name, result }: Call): number | undefined {
  return /^(clone3?|v?fork)$/.test(name) && result > 0 ? result : undefined;
}

function accessesOf(call: Call, process: Process): Access[] {
  const { name, tokens, error, text, opened } = call;
  const paths = pathsOf(tokens, process.cwd);
  const [path] = paths;
  if (name === 'fchdir' || name === 'chdir') {
    if (error === undefined) process.cwd = name === 'fchdir' ? (tokens[0]?.text ?? process.cwd) : (path ?? process.cwd);
    return [];
  }
  const access = (type: AccessType, at: string, resolved?: string): Access => ({
    type,
    path: at,
    ...(resolved === undefined ? {} : { resolved }),
    program: process.program,
    own: process.own,
    seconds: call.seconds,
  });
  if (name.startsWith('getdents')) {
    const folder = tokens[0]?.text;
    return folder === undefined ? [] : [access('listed', folder)];
  }
  if (path === undefined) return [];
  if (error !== undefined) {
    // A program is looked for in many folders.
    return error === 'ENOENT' && !name.startsWith('exec') ? [access('missing', path)] : [];
  }
  switch (name) {
    case 'execve':
    case 'execveat':
      process.program = basename(path);
      return [access('executed', path)];
    case 'open':
    case 'openat':
    case 'openat2':
      if (text.includes('O_DIRECTORY') || text.includes('O_PATH')) return [];
      if (/O_WRONLY|O_TRUNC|O_EXCL/.test(text)) return [access('written', path, opened)];
      // One that is opened for both counts as both: whether it was there before is for others to find out.
      return /O_RDWR/.test(text)
        ? [access('written', path, opened), access('read', path, opened)]
        : [access('read', path, opened)];
    case 'rename':
    case 'renameat':
    case 'renameat2':
      return paths.map((each) => access('written', each));
    case 'link':
    case 'linkat':
      return [access('read', path), ...paths.slice(1).map((each) => access('written', each))];
    case 'symlink':
    case 'symlinkat':
      return paths.slice(1).map((each) => access('written', each));
    case 'creat':
    case 'mkdir':
    case 'mkdirat':
    case 'rmdir':
    case 'unlink':
    case 'unlinkat':
    case 'truncate':
    case 'chmod':
    case 'fchmodat':
    case 'mknod':
    case 'mknodat':
    case 'utimensat':
      return [access('written', path)];
    default:
      // stat, access and their like; what is a folder was only passed through.
      return text.includes('S_IFREG') || /^f?access/.test(name) ? [access('looked-at', path)] : [];
  }
}

/** Each text is a path, relative to the descriptor before it or to the working folder. An empty one means a descriptor. */
function pathsOf(tokens: Call['tokens'], cwd: string): string[] {
  const paths: string[] = [];
  let folder = cwd;
  for (const { text, isFolder } of tokens) {
    if (isFolder) folder = text;
    else {
      if (text !== '') paths.push(resolve(folder, text));
      folder = cwd;
    }
  }
  return paths;
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12 };

/** Of C: `\303\251`, `\n`, `\"`. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes: number[] = [];
  const source = Buffer.from(text);
  for (let i = 0; i < source.length; i++) {
    if (source[i] !== 0x5c) {
      bytes.push(source[i] ?? 0);
      continue;
    }
    const octal = /^[0-7]{1,3}/.exec(source.toString('latin1', i + 1, i + 4))?.[0];
    if (octal !== undefined) {
      bytes.push(Number.parseInt(octal, 8));
      i += octal.length;
    } else {
      i++;
      const letter = String.fromCharCode(source[i] ?? 0);
      bytes.push(ESCAPES[letter] ?? source[i] ?? 0);
    }
  }
  return Buffer.from(bytes).toString();
}
