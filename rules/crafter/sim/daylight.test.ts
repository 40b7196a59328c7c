import test from 'ava';
import { daylight } from './daylight.js';
import { fixture, sha256 } from './testing.js';

const known = fixture('daylight.json') as {
  values: readonly (readonly [number, number])[];
  sha256_f64le_0_to_10000: string;
};

test('daylight is exact to the last bit', (t) => {
  for (const [step, value] of known.values) t.is(daylight(step), value, `step ${step}`);
  const bytes = new DataView(new ArrayBuffer(8 * 10_001));
  for (let step = 0; step <= 10_000; step++) bytes.setFloat64(8 * step, daylight(step), true);
  t.is(sha256(new Uint8Array(bytes.buffer)), known.sha256_f64le_0_to_10000);
});
