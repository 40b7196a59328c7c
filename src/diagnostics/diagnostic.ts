/** A place in a text file. Lines and columns count from 1, columns in characters. */
export interface Location {
  /** As the user would write it: relative to where the command runs where that is shorter. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** The source line, and how many of its characters from `column` on are meant: drawn underlined. */
  readonly text?: string;
  readonly length?: number;
}

/**
 * One thing a user should know: a headline, where it is, facts, and one next step.
 *
 * Tone: lower case, names in backticks, no full stop at the end of a headline.
 */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly headline: string;
  readonly at?: Location;
  /** Other places that matter: the second target of a clash, the edges of a cycle. */
  readonly also?: readonly { readonly label: string; readonly at: Location }[];
  /** Aligned name and value pairs below the headline. */
  readonly facts?: readonly (readonly [name: string, value: string])[];
  /** What to do next, as a sentence that starts in lower case. */
  readonly next?: string;
}

export type DiagnosticCode = `VB${number}`;

/** Exit codes of the command line; see docs/pipeline.md. */
export const EXIT = { done: 0, failed: 1, wrong: 2, different: 3, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * The error every layer throws for a mistake that is not a bug of vlmbuild: shown without a stack trace.
 * Several mistakes found together travel in one error.
 */
export class UserFacingError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  readonly exitCode: ExitCode;

  constructor(diagnostics: Diagnostic | readonly Diagnostic[], exitCode: ExitCode = EXIT.wrong) {
    const list = Array.isArray(diagnostics) ? (diagnostics as readonly Diagnostic[]) : [diagnostics as Diagnostic];
    super(list.map((diagnostic) => diagnostic.headline).join('; '));
    this.name = 'UserFacingError';
    this.diagnostics = list;
    this.exitCode = exitCode;
  }
}
