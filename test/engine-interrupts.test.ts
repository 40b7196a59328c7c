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

test.serial('a rule that takes its process down while it is loaded is named', async (t) => {
  const project = new Project(t, {
    'rules/my/dies.ts': "process.kill(process.pid, 'SIGKILL');\nexport default 1;\n",
    'pipeline.yaml': 'version: 1\ntargets: { dies: { rule: my/dies, outputs: out.txt } }\n',
  });
  const { code, stderr } = await project.run();
  t.is(code, 2);
  t.regex(stderr, /^VB210: rule `my\/dies` threw while it was loaded: its process ended \(SIGKILL\)$/m);
  t.regex(stderr, /rules\/my\/dies\.ts:1:1/);
});

test.serial('a cache that cannot be written is said so, before a rule is loaded too', async (t) => {
  const project = new Project(t, {
    'rules/my/rule.ts': `import { defineRule, file } from 'vlmbuild';
import { z } from 'zod';
export default defineRule({ summary: 'x', params: z.strictObject({}), outputs: { out: file() }, async run() {} });
`,
    'pipeline.yaml': 'version: 1\ntargets: { made: { rule: my/rule, outputs: out.txt } }\n',
    cache: 'no folder',
  });
  const { code, stderr } = await project.run();
  t.is(code, 1);
  t.regex(stderr, /^VB501: cannot write `.*\/cache/m);
  t.notRegex(stderr, /^ +at /m);
});
