import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../base/temp-folder-for-tests.js';
import { HostPool } from '../host/pool.js';
import { findRule, ruleNames } from '../rule/find.js';
import { checkedBy } from '../rule/loader.js';
import { packageRoot } from '../rule/package-root.js';
import { PackagedRules } from '../rule/packaged.js';

test('packaged rules say of no params what a host says', async (t) => {
  const root = packageRoot();
  const packages = new PackagedRules(root, checkedBy(root));
  const folder = tempFolder(t);
  const hosts = new HostPool({ slots: 1, root: folder, cache: join(folder, 'cache') });
  try {
    let count = 0;
    for (const name of ruleNames({ root, packageRoot: root })) {
      const found = findRule(name, { root, packageRoot: root });
      const made = found && packages.get(found);
      if (found === undefined || made === undefined) continue;
      const bundle = join(folder, `${count++}.cjs`);
      writeFileSync(bundle, made.program);
      const said = await hosts.run({ type: 'check', bundle, source: found.path, params: {} });
      t.deepEqual(made.withoutParams, said, name);
    }
    t.true(count > 0);
  } finally {
    await hosts.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
