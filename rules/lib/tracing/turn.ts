import { isDouble, type JsonMap, type JsonValue } from '../chat/json-value.js';

const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** A turn number, or undefined where the value is none. Exact: a counter may run past what a double holds. */
export function turnOf(value: JsonValue | undefined): bigint | undefined {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return bounded(BigInt(value));
    case 'boolean':
      return value ? 1n : 0n;
    case 'string':
      return turnOfText(value);
    default:
      if (!isDouble(value) || !Number.isFinite(value.value)) return undefined;
      return bounded(BigInt(Math.trunc(value.value)));
  }
}

function turnOfText(text: string): bigint | undefined {
  const digits = /^[ \t\n\r\f\v]*([+-]?)([0-9]+)[ \t\n\r\f\v]*$/.exec(text);
  if (digits?.[2] === undefined) return undefined;
  // The bound first: turning a megabyte of digits into a number takes long.
  const short = digits[2].replace(/^0+(?=.)/, '');
  if (short.length > 16) return undefined;
  return bounded(digits[1] === '-' ? -BigInt(short) : BigInt(short));
}

function bounded(turn: bigint): bigint | undefined {
  return turn <= LARGEST && turn >= -LARGEST ? turn : undefined;
}

/** Numbers a session's events that do not say their turn. */
export class TurnCounter {
  private next = 0n;

  /** The turn of the session's next event by its metadata; undefined where it says one that cannot be read. */
  take(metadata: JsonMap): bigint | undefined {
    const said = metadata.get('turn');
    if (said !== undefined && said !== null) {
      const turn = turnOf(said);
      return turn === undefined ? undefined : this.passed(turn);
    }
    const stepId = metadata.get('step_id');
    if (typeof stepId === 'string' && stepId.startsWith('turn_')) {
      const turn = turnOfText(stepId.slice('turn_'.length));
      if (turn !== undefined) return this.passed(turn);
    }
    return this.next++;
  }

  private passed(turn: bigint): bigint {
    if (turn >= this.next) this.next = turn + 1n;
    return turn;
  }
}
