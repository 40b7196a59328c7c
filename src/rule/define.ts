import type { z } from 'zod';
import type { Json, JsonObject } from '../base/json.js';
import type { Once } from './once.js';
import type { AnyRole, InputsOf, JoinableOf, OutputsOf, ReadsOf, Roles, RuleSlice } from './roles.js';

/** Params are checked and get their defaults before anything runs; strict at every level. */
export type ParamsSchema = z.ZodObject;

/** What every running rule can use beside its data. */
export interface RunContext {
  /** Declared environment names that are set. */
  readonly env: Readonly<Record<string, string>>;
  /** Declared secrets. Replaced by `***` in everything that is printed. */
  readonly secrets: Readonly<Record<string, string>>;
  /** A line for the target's log. */
  readonly log: (line: string) => void;
  /** How far the work at hand has come. The engine counts parts itself. */
  readonly progress: (done: number, total?: number, unit?: string) => void;
  /** Aborted when the build is interrupted or the target times out. */
  readonly signal: AbortSignal;
  readonly once: Once;
}

interface RuleHead<P extends ParamsSchema, I extends Roles, O extends Roles> {
  /** One sentence for `vlmbuild rules`. Not part of the code digest. */
  readonly summary: string;
  readonly params: P;
  readonly inputs?: I;
  readonly outputs: O;
  /**
   * `false` for a rule that may give other bytes for the same inputs (a model that samples), or what tells it from the
   * params. Default: `true`.
   */
  readonly deterministic?: boolean | ((context: { readonly params: z.output<P> }) => boolean);
}

/** A rule that makes its outputs in one go. */
export interface WholeRule<P extends ParamsSchema, I extends Roles, O extends Roles> extends RuleHead<P, I, O> {
  run(
    context: RunContext & {
      readonly inputs: InputsOf<I>;
      readonly outputs: OutputsOf<O>;
      readonly params: z.output<P>;
    },
  ): Promise<void> | void;
}

/** One piece of a rule's work. `id` is unique and for people; `spec` and the slices make the part's key. */
export interface Part<S extends Json, M extends Readonly<Record<string, RuleSlice>>> {
  readonly id: string;
  readonly spec: S;
  readonly inputs?: M;
}

/** A made part as `assemble` sees it, in the order in which `parts` listed them. */
export interface MadePart<O extends Roles> {
  readonly id: string;
  readonly meta: JsonObject;
  readonly outputs: ReadsOf<O>;
}

/** A rule that lists its work in parts, makes each on its own, and joins them. */
export interface PartsRule<
  P extends ParamsSchema,
  I extends Roles,
  O extends Roles,
  S extends Json,
  M extends Readonly<Record<string, RuleSlice>>,
> extends RuleHead<P, I, O> {
  /**
   * How many parts may wait at once, for parts that wait rather than compute. Default, also where it gives `undefined`:
   * one a host.
   */
  concurrency?(context: { readonly params: z.output<P> }): number | undefined;
  /** Lists the work. Pure: the same inputs and params give the same parts in the same order. */
  parts(context: {
    readonly inputs: InputsOf<I>;
    readonly params: z.output<P>;
  }): AsyncIterable<Part<S, M>> | Iterable<Part<S, M>>;
  /**
   * For a plan (`-n`): how many questions `make` would have `once` ask at most. `answered` gives the answer that a
   * question has already. Pure, as `parts` is.
   */
  asks?(context: {
    readonly spec: S;
    readonly inputs: M;
    readonly answered: (question: Json) => Json | undefined;
    readonly signal: AbortSignal;
  }): Promise<number> | number;
  /**
   * Makes one part's outputs. It gets no params: a part cannot depend on what its key lacks.
   * What it returns is kept with the part (at most 64 KiB of JSON).
   */
  make(
    context: RunContext & { readonly spec: S; readonly inputs: M; readonly outputs: OutputsOf<O> },
  ): Promise<JsonObject | void> | JsonObject | void;
  /** Joins the parts. Without it each output is joined in order by its kind. */
  assemble?(
    context: Pick<RunContext, 'log' | 'progress' | 'signal'> & {
      readonly parts: readonly MadePart<O>[];
      readonly params: z.output<P>;
      readonly outputs: OutputsOf<O>;
      /**
       * Leaves an output to be joined in order by its kind, as it would be without `assemble`, once that is done: nothing
       * is copied or stored twice. An optional output that is not wanted may be named. The rule must not write to it.
       */
      readonly join: (output: JoinableOf<O>) => void;
    },
  ): Promise<void> | void;
}

/** A defined rule, its types forgotten: what the engine handles. */
export type AnyRule = { readonly [RULE]: true } & (
  | ({ readonly shape: 'whole' } & WholeRule<ParamsSchema, Roles, Roles>)
  | ({ readonly shape: 'parts' } & PartsRule<ParamsSchema, Roles, Roles, Json, Readonly<Record<string, RuleSlice>>>)
);

/** Marks what `defineRule` made, across copies of this module. */
export const RULE = Symbol.for('vlmbuild.rule');

/** What a rule without inputs, and a part without slices, has of them. */
type NoRoles = { readonly [N in never]: AnyRole };
type NoSlices = { readonly [N in never]: RuleSlice };

/** Defines a rule that makes its outputs in one go. Everything is inferred; see docs/rules.md. */
export function defineRule<P extends ParamsSchema, O extends Roles, I extends Roles = NoRoles>(
  rule: WholeRule<P, I, O>,
): AnyRule;
/** Defines a rule in parts. Everything is inferred; see docs/rules.md. */
export function defineRule<
  P extends ParamsSchema,
  O extends Roles,
  S extends Json,
  I extends Roles = NoRoles,
  M extends Readonly<Record<string, RuleSlice>> = NoSlices,
>(rule: PartsRule<P, I, O, S, M>): AnyRule;
export function defineRule(rule: object): AnyRule {
  const shape = 'parts' in rule ? 'parts' : 'whole';
  return Object.freeze({ ...rule, shape, [RULE]: true }) as unknown as AnyRule;
}

/** An error a rule throws for a mistake of its user: shown as a clean message, without a stack trace. */
export class UserError extends Error {
  /** The next step, if there is one to name. */
  readonly next?: string;

  constructor(message: string, options: { readonly next?: string; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'UserError';
    if (options.next !== undefined) this.next = options.next;
  }
}
