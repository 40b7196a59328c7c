import test from 'ava';
import { observedText } from './observed.js';

test('what is written outside of the project is not to be declared: no output lies there', (t) => {
  const text = (path: string): string =>
    observedText('job', { files: [{ access: 'written', path, programs: ['sh'] }], hints: [], programs: [] }, 'command');
  t.regex(text('out/side.log'), /put it right: declare out\/side\.log under `outputs`, or write it below \$TMPDIR/);
  for (const path of ['../side.log', '/var/side.log']) t.regex(text(path), /put it right: write it below \$TMPDIR/);
});
