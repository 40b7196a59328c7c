import { statSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../base/names-in.js';
import { compareBytes } from '../base/order.js';

/** Where rules are looked for: the project's own `rules/` before the built-in ones. */
export interface RulePlaces {
  /** The project root, absolute. */
  readonly root: string;
  /** vlmbuild's own folder, absolute. */
  readonly packageRoot: string;
}

export interface FoundRule {
  readonly name: string;
  /** The module, absolute. */
  readonly path: string;
  /** The folder whose `rules/` holds it: what its module paths are relative to. */
  readonly home: string;
  /** Paths that come first and do not exist. */
  readonly shadows: readonly string[];
}

const SEGMENT = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const EXTENSION = '.ts';

/** Whether a name can be a rule's: `GROUP/NAME`, where the group `lib` is for what rules share. */
export function isRuleName(name: string): boolean {
  const [group, own, ...rest] = name.split('/');
  if (group === undefined || own === undefined || rest.length > 0) return false;
  return group !== 'lib' && SEGMENT.test(group) && SEGMENT.test(own);
}

/** Every path that would be this rule, the winning one first. */
export function ruleCandidates(name: string, places: RulePlaces): readonly { path: string; home: string }[] {
  if (!isRuleName(name)) return [];
  return homes(places).map((home) => ({ home, path: join(home, 'rules', `${name}${EXTENSION}`) }));
}

export function findRule(name: string, places: RulePlaces): FoundRule | undefined {
  const shadows: string[] = [];
  for (const { path, home } of ruleCandidates(name, places)) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return { name, path, home, shadows };
    shadows.push(path);
  }
  return undefined;
}

/** The names of all rules there are, in byte order. */
export function ruleNames(places: RulePlaces): readonly string[] {
  const names = new Set<string>();
  for (const home of homes(places)) {
    const rules = join(home, 'rules');
    for (const group of namesIn(rules)) {
      for (const file of namesIn(join(rules, group))) {
        const name = `${group}/${file.slice(0, -EXTENSION.length)}`;
        if (file.endsWith(EXTENSION) && isRuleName(name)) names.add(name);
      }
    }
  }
  return [...names].sort(compareBytes);
}

function homes({ root, packageRoot }: RulePlaces): readonly string[] {
  return root === packageRoot ? [root] : [root, packageRoot];
}
