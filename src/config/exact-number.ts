/**
 * What a decimal text is as a number, or undefined where a double would be another one: an integer with more digits than it
 * has, what is too large, what is too small to differ from zero. A fraction is the double next to it, as everywhere.
 *
 * @param value what the text was read as
 */
export function exactNumber(text: string, value = Number(text)): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  if (value === 0) return /^[-+]?[0.]*[1-9]/.test(text) ? undefined : value;
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) return value;
  // As large as this only floats are written without an end of zeros: `1e300`, and not an id that lost its last digits.
  if (!/[.eE]/.test(text)) return undefined;
  const decimal = decimalOf(text);
  return decimal === decimalOf(String(value)) || decimal === decimalOf(String(BigInt(value))) ? value : undefined;
}

/** The same text for the same decimal number: its digits without zeros around them, and a power of ten. */
function decimalOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const shortest = digits.replace(/0+$/, '');
  const power = Number(exponent) - fraction.length + digits.length - shortest.length;
  return `${sign === '-' ? '-' : ''}${shortest}e${power}`;
}
