import { HostPool } from '../host/pool.js';
import { RuleLoader } from '../rule/loader.js';
import { packageRoot } from '../rule/package-root.js';
import { cacheLayout, prepareCache, type CacheLayout } from '../store/layout.js';
import { ReadableCache } from '../store/readable-cache.js';

/** The rules of a project folder, and the host that describes them; without a pipeline file. */
export function openRules(root: string): { readonly rules: RuleLoader; close: () => Promise<void> } {
  const own = cacheLayout(root);
  const readable = ReadableCache.of(own);
  const layout = readable?.layout ?? own;
  prepareCache(layout);
  const hosts = new HostPool({ slots: 1, root, cache: layout.cache });
  const close = async (): Promise<void> => {
    await hosts.close();
    readable?.remove();
  };
  return { rules: rulesIn(hosts, layout), close };
}

/** So long a rule may take to be imported, or to check params: far more than any needs, on a busy machine too. */
const LOADING_MS = 60_000;

/** The rules of a project, described and checked in these hosts. */
export function rulesIn(hosts: HostPool, layout: CacheLayout): RuleLoader {
  return new RuleLoader({
    root: layout.root,
    packageRoot: packageRoot(),
    layout,
    hosts: {
      describe: (bundle, source) => hosts.run({ type: 'describe', bundle, source }, { timeoutMs: LOADING_MS }),
      check: (bundle, source, params) =>
        hosts.run({ type: 'check', bundle, source, params }, { timeoutMs: LOADING_MS }),
    },
  });
}
