/**
 * Bundles and describes the built-in rules for `dist/rules/`, when vlmbuild itself is built; what is there already and came
 * from the same files stays. Run by `scripts/build.mjs`, which says what makes them.
 */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Digest } from '../base/digest.js';
import { findRule, ruleNames } from '../rule/find.js';
import { checkedBy } from '../rule/loader.js';
import { packageRoot } from '../rule/package-root.js';
import { packagedFrom, packagedPath, PackagedRules } from '../rule/packaged.js';
import { writeAtomic } from '../store/atomic-write.js';
import { openRules } from './rules.js';

async function packageRules(maker: Digest): Promise<void> {
  const root = packageRoot();
  const by = checkedBy(root);
  const packaged = new PackagedRules(root, by);
  const names = ruleNames({ root, packageRoot: root });
  const missing = names.filter((name) => {
    const found = findRule(name, { root, packageRoot: root });
    return found === undefined || packaged.current(found)?.maker !== maker;
  });
  const written = new Set(names.filter((name) => !missing.includes(name)).map((name) => packagedPath(root, name)));
  // What another maker made might be believed now.
  for (const name of missing) rmSync(packagedPath(root, name), { force: true });
  mkdirSync(join(root, 'dist', 'rules'), { recursive: true });
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'vlmbuild-rules-')));
  const { rules, close } = openRules(scratch);
  try {
    for (const name of missing) {
      const loaded = await rules.find(name);
      if (loaded === undefined) continue;
      const path = packagedPath(root, name);
      const withoutParams = await rules.check(loaded, {});
      writeAtomic(path, JSON.stringify(packagedFrom(loaded, root, { by, maker, withoutParams })));
      written.add(path);
    }
  } finally {
    await close();
    rmSync(scratch, { recursive: true, force: true });
  }
  const folder = dirname(packagedPath(root, ''));
  for (const entry of readdirSync(folder)) {
    if (!written.has(join(folder, entry))) rmSync(join(folder, basename(entry)), { force: true });
  }
}

void packageRules(process.argv[2] as Digest);
