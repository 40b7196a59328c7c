import type { KindName } from '../artifacts/kind.js';
import type { JsonObject } from '../base/json.js';
import type { Location } from '../diagnostics/diagnostic.js';
import type { LoadedRule, ParamsTell } from '../rule/description.js';

/** A pipeline file, read, filled in and checked: everything a build knows before it looks at a file's content. */
export interface Pipeline {
  /** Absolute path of the pipeline file, and its folder: the project root. */
  readonly file: string;
  readonly root: string;
  /** By name, matrix instances each on their own, in the order of the file. */
  readonly targets: ReadonlyMap<string, Target>;
  /** The bare name of a matrix target → its instances, in order. */
  readonly matrices: ReadonlyMap<string, readonly string[]>;
  /** What a bare `vlmbuild` builds; all targets where the file does not say. */
  readonly defaults: readonly string[];
  /** Named pools and their sizes. */
  readonly pools: Readonly<Record<string, number>>;
  /** Names of environment variables that `${env.X}` read, with the value read or null: part of what a plan depends on. */
  readonly environmentRead: Readonly<Record<string, string | null>>;
  /** Whether `--set` changed anything: such a build writes no lock. */
  readonly overridden: boolean;
  /** The targets that have a mistake, or need one that has. */
  readonly leftOut?: LeftOut;
}

export interface LeftOut {
  /** What could be read of them, so that further mistakes show and their files are not missed. */
  readonly targets: readonly Pick<Target, 'name' | 'at' | 'inputs' | 'outputs' | 'after' | 'afterAt'>[];
  /** Some outputs could not be read: any missing file may be one of them. */
  readonly incomplete: boolean;
}

export interface Target {
  /** `traces`, or for a matrix instance `traces@mode=text`. */
  readonly name: string;
  /** The name in the file: `traces`. */
  readonly base: string;
  readonly matrix: Readonly<Record<string, string>>;
  readonly at: Location;
  readonly description?: string;
  readonly work: RuleUse | CommandUse;
  readonly inputs: Readonly<Record<string, InputUse>>;
  /** Filled in; for a rule checked and with defaults. */
  readonly params: JsonObject;
  readonly outputs: Readonly<Record<string, OutputUse>>;
  /** Declared environment and secret names, in byte order. */
  readonly env: readonly string[];
  readonly secrets: readonly string[];
  readonly timeoutMs?: number;
  readonly retries: number;
  readonly allowFailures: FailureAllowance;
  readonly resources: Resources;
  /** Targets that go first when both are wanted, without being inputs. */
  readonly after: readonly string[];
  /** Where they are named. */
  readonly afterAt?: Readonly<Record<string, Location>>;
  /** `false`: digests are kept, bytes are not. */
  readonly store: boolean;
}

export interface RuleUse extends ParamsTell {
  readonly type: 'rule';
  readonly rule: LoadedRule;
}

export interface CommandUse {
  readonly type: 'command';
  /** Vars, params and matrix values are filled in (shell-quoted); inputs and outputs are still as written. */
  readonly text: string;
  readonly tools: readonly string[];
  /** Paths, root-relative, and globs that it uses without their being inputs. */
  readonly allow: readonly string[];
}

export interface InputUse {
  readonly role: string;
  readonly kind: KindName;
  readonly list: boolean;
  /** What is not there counts as not given. */
  readonly optional?: boolean;
  readonly references: readonly Reference[];
  readonly at: Location;
}

export type Reference =
  | { readonly type: 'output'; readonly target: string; readonly output: string; readonly at?: Location }
  /** Root-relative with `/`, normalised; may start with `../`, or be absolute. */
  | { readonly type: 'path'; readonly path: string; readonly at: Location }
  | { readonly type: 'glob'; readonly pattern: string; readonly at: Location };

export interface OutputUse {
  readonly name: string;
  readonly kind: KindName;
  /** Root-relative with `/`, normalised, without a trailing slash; never outside the root. */
  readonly path: string;
  readonly at: Location;
}

export type FailureAllowance =
  { readonly type: 'count'; readonly parts: number } | { readonly type: 'percent'; readonly percent: number };

export interface Resources {
  readonly cpus: number;
  readonly gpus: number;
  readonly pools: Readonly<Record<string, number>>;
}
