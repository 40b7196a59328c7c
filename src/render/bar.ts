import { formatCount, formatSeconds } from '../base/units.js';

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `width` cells filled to `share` (0 to 1), in eighths of a cell. */
export function bar(share: number, width: number): string {
  const filled = Math.max(0, Math.min(1, share)) * width;
  const whole = Math.floor(filled);
  const rest = EIGHTHS[Math.floor((filled - whole) * 8)] ?? '';
  return '█'.repeat(whole) + rest + '░'.repeat(width - whole - (rest === '' ? 0 : 1));
}

/** What is known of how far a target has come. */
export interface Advance {
  readonly done: number;
  readonly total: number | undefined;
  readonly unit: string;
  /** Seconds in which `counted` of `done` were made: remembered ones tell nothing of the rate. */
  readonly seconds: number;
  readonly counted: number;
}

/** `612/1,000 parts  41/s  9s left`. */
export function advanceText(advance: Advance): string {
  const { done, total, unit, seconds, counted } = advance;
  const amount = total === undefined ? formatCount(done) : `${formatCount(done)}/${formatCount(total)}`;
  const words = [unit === '' ? amount : `${amount} ${unit}`];
  if (counted > 0 && seconds > 0.5) {
    const rate = counted / seconds;
    words.push(rate >= 10 ? `${formatCount(Math.round(rate))}/s` : `${rate.toFixed(1)}/s`);
    if (total !== undefined && total > done) words.push(`${formatSeconds((total - done) / rate)} left`);
  }
  return words.join('  ');
}
