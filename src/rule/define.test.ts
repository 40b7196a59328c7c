import test from 'ava';
import type { Database } from 'better-sqlite3';
import { z } from 'zod';
import type { Json, JsonObject } from '../base/json.js';
import { defineRule, RULE, UserError, type MadePart } from './define.js';
import { directory, file, jsonl, sqlite } from './roles.js';
import type {
  DirectoryInput,
  DirectorySlice,
  FileInput,
  FileOutput,
  JsonlInput,
  JsonlOutput,
  JsonlSlice,
  SqliteInput,
  SqliteOutput,
  SqliteSlice,
} from './roles.js';

/** Checked by the compiler: `expectType<Expected>()(value)` compiles only where the types are the same. */
type IsAny<T> = 0 extends 1 & T ? true : false;
type Equal<A, B> = IsAny<A> | IsAny<B> extends false ? ([A, B] extends [B, A] ? true : false) : false;
type Same<A, B> = Equal<A, B> extends true ? [] : [error: 'the types differ'];
const expectType =
  <Expected>() =>
  <Actual>(_: Actual, ...differ: Same<Actual, Expected>): void => {
    if (differ.length > 0) throw new Error(differ[0]);
  };

test('a whole rule has the types of its roles and params', (t) => {
  const rule = defineRule({
    summary: '',
    params: z.strictObject({ steps: z.int().default(5), mode: z.enum(['text', 'image']), tag: z.string().optional() }),
    inputs: {
      config: file(),
      rows: jsonl(),
      frames: directory().optional(),
      dbs: sqlite().list(),
      notes: file().list().optional(),
    },
    outputs: { card: file(), rows: jsonl(), frames: directory(), db: sqlite(), rejects: jsonl().optional() },
    async run({ inputs, outputs, params, env, secrets, once, signal, log, progress }) {
      expectType<number>()(params.steps);
      expectType<'text' | 'image'>()(params.mode);
      expectType<string | undefined>()(params.tag);
      expectType<FileInput>()(inputs.config);
      expectType<JsonlInput>()(inputs.rows);
      expectType<DirectoryInput | undefined>()(inputs.frames);
      expectType<readonly SqliteInput[]>()(inputs.dbs);
      expectType<readonly FileInput[] | undefined>()(inputs.notes);
      expectType<FileOutput>()(outputs.card);
      expectType<JsonlOutput>()(outputs.rows);
      expectType<SqliteOutput>()(outputs.db);
      expectType<JsonlOutput | undefined>()(outputs.rejects);
      expectType<string | undefined>()(env['HOME']);
      expectType<string | undefined>()(secrets['KEY']);
      expectType<AbortSignal>()(signal);
      expectType<Database>()(outputs.db.open());
      expectType<{ reply: string }>()(await once({ model: 'm' }, async () => ({ reply: 'a' })));
      expectType<'new' | 'open' | 'answered'>()((await once.begin({ step: 1 })).status);
      expectType<('config' | 'rows' | 'frames' | 'dbs' | 'notes')[]>()(Object.keys(inputs) as (keyof typeof inputs)[]);
      log('line');
      progress(1, 2, 'rows');
    },
  });
  t.is(rule.shape, 'whole');
  t.true(RULE in rule);
});

test('a rule without inputs has none', (t) => {
  const rule = defineRule({
    summary: '',
    params: z.strictObject({}),
    outputs: { out: file() },
    run({ inputs, outputs }) {
      expectType<never[]>()(Object.keys(inputs) as (keyof typeof inputs)[]);
      expectType<FileOutput>()(outputs.out);
    },
  });
  t.is(rule.shape, 'whole');
});

test('a rule in parts carries the types of its parts from parts to make', (t) => {
  const rule = defineRule({
    summary: '',
    params: z.strictObject({ assistant: z.boolean().default(false) }),
    inputs: { rows: jsonl(), frames: directory(), db: sqlite() },
    outputs: { rows: jsonl(), rejects: jsonl().optional() },
    async *parts({ inputs, params }) {
      expectType<boolean>()(params.assistant);
      for await (const block of inputs.rows.blocks()) {
        for await (const frame of inputs.frames.entries()) {
          const turns = inputs.db.slice({ turns: { sql: 'select 1' } });
          yield { id: block.id, inputs: { rows: block, frame, turns }, spec: { assistant: params.assistant } };
        }
      }
    },
    async make({ spec, inputs, outputs }) {
      expectType<{ assistant: boolean }>()(spec);
      expectType<JsonlSlice>()(inputs.rows);
      expectType<DirectorySlice>()(inputs.frame);
      expectType<SqliteSlice>()(inputs.turns);
      expectType<JsonlOutput>()(outputs.rows);
      expectType<JsonlOutput | undefined>()(outputs.rejects);
      for await (const row of inputs.rows.rows()) expectType<Json>()(row);
      return { kept: 1, dropped: 0 };
    },
    async assemble({ parts, params, outputs, join }) {
      expectType<boolean>()(params.assistant);
      expectType<(output: 'rows' | 'rejects') => void>()(join);
      expectType<JsonlOutput>()(outputs.rows);
      for (const part of parts) {
        expectType<JsonObject>()(part.meta);
        expectType<JsonlInput>()(part.outputs.rows);
        expectType<JsonlInput | undefined>()(part.outputs.rejects);
      }
    },
  });
  t.is(rule.shape, 'parts');
});

test('parts of generated work have a spec and no inputs', (t) => {
  const rule = defineRule({
    summary: '',
    params: z.strictObject({ seeds: z.array(z.int()) }),
    outputs: { db: sqlite() },
    concurrency: ({ params }) => params.seeds.length,
    *parts({ params }) {
      for (const seed of params.seeds) yield { id: `seed-${seed}`, spec: { seed } };
    },
    make({ spec, inputs, outputs }) {
      expectType<{ seed: number }>()(spec);
      expectType<never[]>()(Object.keys(inputs) as (keyof typeof inputs)[]);
      expectType<SqliteOutput>()(outputs.db);
    },
    assemble({ parts, join }) {
      expectType<(output: never) => void>()(join);
      expectType<readonly MadePart<{ db: ReturnType<typeof sqlite> }>[]>()(parts);
    },
  });
  t.is(rule.shape, 'parts');
});

test('a user error carries its next step and its cause', (t) => {
  const cause = new Error('why');
  const error = new UserError('what', { next: 'do this', cause });
  t.like(error, { name: 'UserError', message: 'what', next: 'do this', cause });
});
