import test from 'ava';
import { appeared, gone, isAlive } from '../src/host/host-project.js';
import { Project } from './rig.js';

test.serial('a reader that goes away ends nothing', async (t) => {
  const project = new Project(t, {
    'pipeline.yaml': `version: 1
targets:
  loud: { run: 'for i in 1 2 3; do echo line $i; done; echo done > {outputs.made}', outputs: { made: out.txt } }
`,
  });
  const { child, ended } = project.start('-v');
  child.stdout?.destroy();
  t.like(await ended, { code: 0, stderr: '' });
  t.is(project.read('out.txt'), 'done\n');
});

test.serial('Ctrl-C while rules are loaded ends what loads them', async (t) => {
  const project = new Project(t, {
    'rules/my/stuck.ts': `import { renameSync, writeFileSync } from 'node:fs';
writeFileSync('new', String(process.pid));
renameSync('new', 'pid');
for (;;);
`,
    'pipeline.yaml': `version: 1
targets:
  stuck: { rule: my/stuck, outputs: out.txt }
`,
  });
  for (const command of ['build', 'rules']) {
    const started = project.start(command);
    await appeared(project.path('pid'));
    const pid = Number(project.read('pid'));
    project.remove('pid');
    t.teardown(() => isAlive(pid) && process.kill(pid, 'SIGKILL'));
    started.kill('SIGINT');
    t.like(await started.ended, { code: 130, stderr: '' });
    await gone(pid);
  }
});
