import { isDouble, type JsonDouble } from './json-value.js';

/** A number as Python writes it: integers in decimal digits, doubles as `repr` does. A plain unsafe number is a double. */
export function numberText(value: number | bigint | JsonDouble): string {
  if (isDouble(value)) return doubleText(value.value);
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : doubleText(value);
}

/** JavaScript's shortest digits, laid out plain for 1e-4 <= |x| < 1e16, else with an exponent of two digits or more. */
function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value < 0 ? '-Infinity' : 'Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) {
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  return `${digits}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, '0')}`;
}
