import { spawnSync } from 'node:child_process';
import test from 'ava';
import { packageRoot } from './package-root.js';
import { tempProject } from './temp-project.js';

test('a rule is read although the process of esbuild is killed: between its steps, and before the next rule', (t) => {
  const { root } = tempProject(t, { 'rules/my/rule.ts': 'export default 1;\n' });
  const module = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  // In a process of its own: esbuild's is shared by all that read rules in one.
  const script = `
    import children from 'node:child_process';
    import { once } from 'node:events';
    // esbuild's process does not keep this one alive.
    const alive = setInterval(() => undefined, 1000);
    const { spawn } = children;
    const started = [];
    children.spawn = (...args) => (started.push(spawn(...args)), started.at(-1));
    const { bundleRule } = await import(${module('./bundle.js')});
    const { withEsbuild } = await import(${module('./esbuild-service.js')});
    const { findRule } = await import(${module('./find.js')});
    const kill = async () => {
      const gone = once(started.at(-1), 'exit');
      started.at(-1).kill('SIGKILL');
      await gone;
    };
    const rule = findRule('my/rule', { root: ${JSON.stringify(root)}, packageRoot: ${JSON.stringify(packageRoot())} });
    const first = await bundleRule(rule);
    await kill();
    const [second, third] = await Promise.all([bundleRule(rule), bundleRule(rule)]);
    const each = async (esbuild) => {
      await esbuild.transform('1');
      await kill();
      await esbuild.transform('1');
    };
    const failed = await withEsbuild('my/rule', each).catch((error) => error.diagnostics?.[0].code);
    const fourth = await bundleRule(rule);
    const codes = new Set([first, second, third, fourth].map(({ code }) => code));
    console.log(codes.size, failed, started.length);
    clearInterval(alive);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: packageRoot(),
    encoding: 'utf8',
  });
  t.is(stdout, '1 VB212 4\n', stderr);
});
