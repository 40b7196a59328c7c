import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { AnyRule, DirectoryInput, DirectorySlice, Json, JsonObject, Once, SliceQuery } from 'vlmbuild';

export interface PlayOptions {
  readonly params?: unknown;
  /** Paths by role. */
  readonly inputs?: Readonly<Record<string, string | undefined>>;
  /** Optional outputs that are wanted; the others always are. */
  readonly wanted?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Answers by question, as they stay from one play to the next. */
  readonly answers?: Map<string, Json>;
  /** Blocks of a JSONL input end after the first LF from here on. */
  readonly blockBytes?: number;
}

export interface Played {
  /** The bytes of each output that was written: of a file, a JSONL file, or as `frames/a.png` one in a directory. */
  readonly outputs: Readonly<Record<string, Buffer>>;
  readonly parts: readonly PlayedPart[];
  readonly log: readonly string[];
}

export interface PlayedPart {
  readonly id: string;
  /** Stands for the part's key: its spec and the digests of its slices. */
  readonly key: string;
  readonly meta: JsonObject;
}

type Handle = Readonly<Record<string, unknown>>;
type Slices = Readonly<Record<string, Handle & { readonly digest: string }>>;

/**
 * Runs a rule as the engine does, without the engine: params checked, parts listed, each made from its slices alone,
 * joined or assembled. What the rule throws is thrown.
 */
export async function play(rule: AnyRule, options: PlayOptions = {}): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), 'play-'));
  const log: string[] = [];
  const context = {
    env: options.env ?? {},
    secrets: options.secrets ?? {},
    once: onceIn(options.answers ?? new Map<string, Json>()),
    log: (line: string) => log.push(line),
    progress: () => undefined,
    signal: new AbortController().signal,
  };
  try {
    const params = rule.params.parse(options.params ?? {});
    const inputs = Object.fromEntries(
      Object.entries(rule.inputs ?? {}).map(([role, { kind, param }]) => {
        const named = param === undefined ? undefined : params[param];
        const path = options.inputs?.[role] ?? (typeof named === 'string' ? named : undefined);
        return [role, path === undefined ? undefined : inputHandle(kind, path, options.blockBytes ?? 4096)];
      }),
    );
    const names = Object.entries(rule.outputs)
      .filter(([name, role]) => !role.isOptional || options.wanted?.includes(name))
      .map(([name]) => name);
    const stage = (place: string) => {
      mkdirSync(join(folder, place));
      const paths = names.map((name): [string, string] => [name, join(folder, place, name)]);
      return {
        outputs: Object.fromEntries(
          paths.map(([name, path]) => [name, outputHandle(rule.outputs[name]?.kind, path)]),
        ) as never,
        read: () =>
          Object.fromEntries(
            paths.flatMap(([name, path]) => filesOf(path).map((file) => [name + file, readFileSync(path + file)])),
          ),
        reads: () =>
          Object.fromEntries(
            paths.map(([name, path]) => [
              name,
              inputHandle(rule.outputs[name]?.kind === 'directory' ? 'directory' : 'jsonl', path, 1 << 20),
            ]),
          ),
      };
    };
    const whole = stage('whole');
    if (rule.shape === 'whole') {
      await rule.run({ ...context, inputs: inputs as never, outputs: whole.outputs, params });
      return { outputs: whole.read(), parts: [], log };
    }

    const listed: { id: string; spec: string; slices: Slices }[] = [];
    for await (const part of rule.parts({ inputs: inputs as never, params })) {
      listed.push({ id: part.id, spec: JSON.stringify(part.spec), slices: (part.inputs ?? {}) as unknown as Slices });
    }
    if (new Set(listed.map(({ id }) => id)).size < listed.length) throw new Error('two parts have one id');
    const made: { id: string; key: string; meta: JsonObject; part: ReturnType<typeof stage> }[] = [];
    const joinParts = (joined: readonly string[]) => {
      for (const name of joined) {
        const path = join(folder, 'whole', name);
        const isDirectory = rule.outputs[name]?.kind === 'directory';
        if (!isDirectory) writeFileSync(path, '');
        for (const { part } of made)
          for (const [file, bytes] of Object.entries(part.read()))
            if (file === name) appendFileSync(path, bytes);
            else if (isDirectory && file.startsWith(`${name}/`)) put(join(folder, 'whole', file), bytes);
      }
    };
    for (const [index, { id, spec, slices }] of listed.entries()) {
      const part = stage(String(index));
      const meta = await rule.make({
        ...context,
        spec: JSON.parse(spec) as never,
        inputs: slices as never,
        outputs: part.outputs,
      });
      const key = [spec, ...Object.entries(slices).map(([name, slice]) => `${name} ${slice.digest}`)].join('\n');
      made.push({ id, key, meta: JSON.parse(JSON.stringify(meta ?? {})) as JsonObject, part });
    }
    if (rule.assemble !== undefined) {
      const parts = made.map(({ id, meta, part }) => ({ id, meta, outputs: part.reads() as never }));
      const joined = new Set<string>();
      await rule.assemble({
        ...context,
        parts,
        params,
        outputs: whole.outputs,
        join: (name: string) => void joined.add(name),
      });
      joinParts([...joined].filter((name) => names.includes(name)));
    } else {
      joinParts(names);
    }
    return { outputs: whole.read(), parts: made.map(({ id, key, meta }) => ({ id, key, meta })), log };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is there, as put behind the path: '' for a file, `/a/b` for files of a directory, in order. */
function filesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [''];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name)).map((file) => `/${name}${file}`));
}

function put(path: string, data: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
}

/** `once` that remembers; it has no brackets. */
function onceIn(answers: Map<string, Json>): Once {
  const once = async <T extends Json>(question: Json, ask: () => Promise<T>): Promise<T> => {
    const key = JSON.stringify(question);
    const known = answers.get(key);
    if (known !== undefined) return known as T;
    const answer = await ask();
    answers.set(key, answer);
    return answer;
  };
  return Object.assign(once, { begin: () => Promise.reject(new Error('brackets are not played')) });
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A database made by an SQL script, such as a dump. */
export function databaseFrom(script: string, path: string): void {
  const db = new Database(path);
  db.pragma('foreign_keys = OFF');
  db.exec(readFileSync(script, 'utf8'));
  db.close();
}

/** A folder of files as a rule reads it. */
export function folderHandle(path: string): DirectoryInput {
  const entries = async function* (): AsyncGenerator<DirectorySlice> {
    for (const name of readdirSync(path).sort()) {
      const bytes = readFileSync(join(path, name));
      const digest = `sha256:${sha256Hex(bytes)}` as const;
      const reads = { bytes: async () => bytes, text: async () => bytes.toString() };
      yield { kind: 'directory', id: name, name, path: join(path, name), size: bytes.length, digest, ...reads };
    }
  };
  return { path, digest: `sha256:${sha256Hex(path)}`, entries };
}

function inputHandle(kind: string, path: string, blockBytes: number): Handle {
  if (kind === 'directory') return { ...folderHandle(path) };
  const bytes = kind === 'sqlite' ? Buffer.alloc(0) : existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const common = {
    path,
    digest: `sha256:${sha256Hex(bytes)}`,
    bytes: async () => bytes,
    text: async () => bytes.toString(),
  };
  if (kind === 'jsonl') return { ...common, ...linesOf(bytes), blocks: () => blocksOf(bytes, blockBytes) };
  if (kind === 'sqlite') {
    const open = () => new Database(path, { readonly: true, fileMustExist: true });
    return { ...common, open, slice: (queries: Queries) => sqliteSlice(open, queries) };
  }
  return common;
}

function linesOf(bytes: Buffer): Handle {
  const lines = async function* () {
    for (const line of bytes.toString().split('\n')) if (line !== '') yield line;
  };
  const lineBytes = async function* () {
    // The memory is used again.
    const memory = Buffer.alloc(bytes.length);
    for await (const line of lines()) yield memory.subarray(0, memory.write(line));
  };
  return { lines, lineBytes };
}

async function* blocksOf(bytes: Buffer, blockBytes: number): AsyncGenerator<Handle> {
  for (let offset = 0; offset < bytes.length;) {
    const feed = bytes.indexOf('\n', offset + blockBytes);
    const block = bytes.subarray(offset, feed < 0 ? undefined : feed + 1);
    const digest = sha256Hex(block);
    const id = `block-${digest.slice(0, 12)}-${offset}`;
    yield {
      kind: 'jsonl',
      id,
      digest,
      offset,
      length: block.length,
      bytes: async () => Buffer.from(block),
      read: (into: Uint8Array, from: number) => block.copy(into, 0, from),
      ...linesOf(block),
    };
    offset += block.length;
  }
}

type Queries = Readonly<Record<string, SliceQuery>>;

function sqliteSlice(open: () => Database.Database, queries: Queries): Handle {
  const rows = (name: string) => {
    const query = queries[name];
    if (query === undefined) throw new Error(`no query ${name}`);
    const db = open();
    try {
      if ('sql' in query) return db.prepare(query.sql).all(...(query.args ?? []));
      const named = db.prepare(
        `SELECT ${query.columns.map((column) => `"${column}"`).join(', ')} FROM "${query.table}" WHERE "${query.by}" = ?`,
      );
      return query.values.flatMap((value) =>
        named.all(value).map((row) => withBytes(row as Record<string, unknown>, query.bytes ?? [])),
      );
    } finally {
      db.close();
    }
  };
  return { kind: 'sqlite', digest: sha256Hex(JSON.stringify(Object.keys(queries).map(rows))), rows };
}

function withBytes(row: Record<string, unknown>, columns: readonly string[]): Record<string, unknown> {
  const bytes = columns.flatMap((column) => {
    const text = row[column];
    return typeof text === 'string' ? [[column, Buffer.from(text)]] : [];
  });
  return { ...row, ...(Object.fromEntries(bytes) as object) };
}

/** Writes through: a rule may use the path as well. What is never appended to is empty. */
function outputHandle(kind: string | undefined, path: string): Handle {
  if (kind === 'jsonl') writeFileSync(path, '');
  return {
    path,
    write: async (data: string | Uint8Array) => writeFileSync(path, data),
    add: async (name: string, data: string | Uint8Array) => put(join(path, name), data),
    append: (line: string | Uint8Array) => {
      if (Buffer.from(line).includes(0x0a)) throw new Error('that is more than one line');
      writeFileSync(path, line, { flag: 'a' });
      writeFileSync(path, '\n', { flag: 'a' });
    },
    appendLines: (lines: Uint8Array) => {
      writeFileSync(path, lines, { flag: 'a' });
      if (lines.at(-1) !== 0x0a) writeFileSync(path, '\n', { flag: 'a' });
    },
    open: () => new Database(path),
  };
}
