import { join } from 'node:path';
import { mock } from 'node:test';
import test from 'ava';
import { HostProcess, type HostEnd } from './host-process.js';
import { hostProject } from './host-project.js';

test('a host that is dismissed has ended with its pipes: nothing is waited for', async (t) => {
  const { root } = hostProject(t, {});
  const end = new Promise<HostEnd>((resolve) => {
    const place = { root, cache: join(root, 'cache') };
    const host = new HostProcess(place, { frame: () => undefined, stray: () => undefined, end: resolve });
    // Whatever waits for a time waits for ever.
    mock.timers.enable({ apis: ['setTimeout'] });
    t.teardown(() => mock.timers.reset());
    host.dismiss();
  });
  t.deepEqual(await end, { code: 0, signal: null });
});
