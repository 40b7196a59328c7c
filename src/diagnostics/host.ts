import type { Diagnostic } from './diagnostic.js';

/** What a running rule did that it may not: found in the host, told as the rule's failure. */
export const hostErrors = {
  /** `parts` yielded something without an `id`. */
  partWithoutId: (): Diagnostic => ({
    code: 'VB801',
    headline: '`parts` yielded something without an `id`',
    next: 'give each part an `id`: a text that is not empty, by which people and messages name it',
  }),
  /** `parts` yielded two parts of the same `id`. */
  partTwice: (id: string): Diagnostic => ({
    code: 'VB802',
    headline: `\`parts\` yielded two parts with the id \`${id}\``,
    next: 'give each part an id of its own: it is how people and messages name it',
  }),
  /** A part's `spec` has something in it that JSON cannot hold. */
  specNotJson: (id: string, problem: string): Diagnostic => ({
    code: 'VB803',
    headline: `the \`spec\` of part \`${id}\` is not JSON: ${problem}`,
    next: 'leave out what is `undefined`, and write dates and the like as text',
  }),
  /** One of a part's `inputs` was not made by `blocks()`, `entries()` or `slice()`. */
  notASlice: (id: string, input: string): Diagnostic => ({
    code: 'VB804',
    headline: `input \`${input}\` of part \`${id}\` is no slice`,
    next: 'give what `blocks()`, `entries()` or `slice()` of an input gave; anything else belongs in `spec`',
  }),
  /** What `make` returned has something in it that JSON cannot hold, or is no object. */
  metaNotJson: (problem: string): Diagnostic => ({
    code: 'VB805',
    headline: `what \`make\` returned cannot be kept: ${problem}`,
    next: 'return a small object of JSON values, or nothing',
  }),
  /** What `make` returned is more than 64 KiB of JSON. */
  metaTooLarge: (size: number, limit: number): Diagnostic => ({
    code: 'VB806',
    headline: `what \`make\` returned is ${size} bytes of JSON; ${limit} are allowed`,
    next: 'data belongs in an output; what is returned is for counts and names',
  }),
  /** A question, answer or note of `once` contains the value of a declared secret. */
  secretKept: (what: string): Diagnostic => ({
    code: 'VB807',
    headline: `the ${what} of \`once\` holds a secret, which would be kept for good`,
    next: 'leave keys out of it: they belong in the request, not in the question',
  }),
  /** A question, answer or note of `once` has something in it that JSON cannot hold. */
  onceNotJson: (what: string, problem: string): Diagnostic => ({
    code: 'VB808',
    headline: `the ${what} of \`once\` is not JSON: ${problem}`,
    next: 'leave out what is `undefined`, and write dates and the like as text',
  }),
  /** `assemble` asked to join an output that the rule does not have, or whose kind has no join. */
  cannotJoin: (output: string, kind: string | undefined): Diagnostic => ({
    code: 'VB809',
    headline:
      kind === undefined
        ? `\`assemble\` joins \`${output}\`, which is no output of the rule`
        : `\`assemble\` joins \`${output}\`, but a ${kind} is not joined by itself`,
    next: 'name an output of the kind `jsonl` or `directory`; any other is written by `assemble`',
  }),
  /** `assemble` wrote to an output and asked to join it as well. */
  joinedAndWritten: (output: string): Diagnostic => ({
    code: 'VB810',
    headline: `\`assemble\` wrote to \`${output}\` and joins it too`,
    next: 'either join an output or write to it',
  }),
  /** `asks` gave something that is no number of questions. */
  notACount: (id: string, given: string): Diagnostic => ({
    code: 'VB811',
    headline: `\`asks\` gave ${given} for part \`${id}\``,
    next: 'give a whole number, 0 or more: how many questions making the part would ask at most',
  }),
} as const;
