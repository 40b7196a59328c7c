import { spawnSync } from 'node:child_process';
import test from 'ava';

test('the compiled kernels are those of the sources', (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/kernels.mjs', '--check'], { encoding: 'utf8' });
  t.is(status, 0, stderr);
});
