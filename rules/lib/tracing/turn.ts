import { isDouble, type JsonMap, type JsonValue } from '../chat/json-value.js';

/** The number of a turn: a bigint where it is beyond what is exact as a number, as a counter may be. */
export type Turn = number | bigint;

/** A turn number, which is exact, or undefined where the value is none. */
export function turnOf(value: JsonValue | undefined): number | undefined {
  switch (typeof value) {
    case 'number':
      return bounded(value);
    case 'boolean':
      return value ? 1 : 0;
    case 'string':
      return turnOfText(value);
    default:
      // An integer that is no number is not exact as one.
      return isDouble(value) ? bounded(Math.trunc(value.value)) : undefined;
  }
}

function turnOfText(text: string): number | undefined {
  const digits = /^[ \t\n\r\f\v]*([+-]?)([0-9]+)[ \t\n\r\f\v]*$/.exec(text);
  return digits?.[2] === undefined ? undefined : bounded(Number(digits[1] === '-' ? `-${digits[2]}` : digits[2]));
}

function bounded(turn: number): number | undefined {
  // Rounding makes no larger number one that is safe. And no turn is -0.
  return Number.isSafeInteger(turn) ? turn + 0 : undefined;
}

/** Longer texts may be nested so deeply, or have such numbers, that `parseJsonText` refuses what `JSON.parse` takes. */
const SHORT = 2000;

/**
 * What `turnOf` gives for the `turn` of an event's metadata, where that is plainly told; undefined where the metadata
 * must be read with care.
 */
export function quickTurn(metadata: unknown): number | undefined {
  if (typeof metadata !== 'string' || metadata.length > SHORT) return undefined;
  let read: unknown;
  try {
    read = JSON.parse(metadata);
  } catch {
    return undefined;
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read) || !Object.hasOwn(read, 'turn'))
    return undefined;
  const { turn } = read as { readonly turn?: unknown };
  return typeof turn === 'number' ? bounded(turn) : undefined;
}

/** Members of an event's metadata that say its turn. */
export const TURN_MEMBERS = ['turn', 'step_id'];

/** Numbers a session's events that do not say their turn. */
export class TurnCounter {
  private next: Turn = 0;

  /**
   * The turn of the session's next event by `TURN_MEMBERS` of its metadata; undefined where it says one that cannot be read.
   */
  take(metadata: JsonMap | undefined): Turn | undefined {
    const said = metadata?.get('turn');
    if (said !== undefined && said !== null) {
      const turn = turnOf(said);
      return turn === undefined ? undefined : this.pass(turn);
    }
    const stepId = metadata?.get('step_id');
    if (typeof stepId === 'string' && stepId.startsWith('turn_')) {
      const turn = turnOfText(stepId.slice('turn_'.length));
      if (turn !== undefined) return this.pass(turn);
    }
    const turn = this.next;
    this.next = typeof turn === 'bigint' ? turn + 1n : after(turn);
    return turn;
  }

  /** Counts an event that says its turn. */
  pass(turn: number): number {
    if (turn >= this.next) this.next = after(turn);
    return turn;
  }
}

function after(turn: number): Turn {
  return turn < Number.MAX_SAFE_INTEGER ? turn + 1 : BigInt(turn) + 1n;
}
