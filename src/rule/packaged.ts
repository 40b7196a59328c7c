import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Digest } from '../base/digest.js';
import type { Bundle } from './bundle.js';
import type { CheckedParams, LoadedRule, RuleDescription } from './description.js';
import type { FoundRule } from './find.js';
import { contentOf, type Content } from './remembered.js';

/** A built-in rule as it was bundled and described when vlmbuild was packaged. Paths are relative to the package. */
export interface PackagedRule {
  /** Who described it: the versions of vlmbuild and zod. */
  readonly by: string;
  /** What made this file: another one makes it anew. */
  readonly maker: Digest;
  /** Every file that it came from, and what would come before one of them if it were there. */
  readonly contents: Readonly<Record<string, Content>>;
  readonly description: RuleDescription;
  /** What the rule says where it is given no params. */
  readonly withoutParams: CheckedParams;
  /** Null where it follows from other packages as well: which they are, and where they lie, shows where it is installed. */
  readonly bundle: Pick<Bundle, 'code' | 'modules' | 'program'> | null;
}

export type PackagedBundle = Bundle & Pick<PackagedRule, 'description' | 'withoutParams'>;

/**
 * What came of built-in rules when vlmbuild was packaged, in `dist/rules/`: believed while every file that they came from
 * is what it was then. So the first build in a project starts no bundler for them, and no host where they are given no
 * params; one that is edited is bundled as any.
 */
export class PackagedRules {
  readonly #packageRoot: string;
  readonly #by: string;

  constructor(packageRoot: string, by: string) {
    this.#packageRoot = packageRoot;
    this.#by = by;
  }

  get(found: FoundRule): PackagedBundle | undefined {
    const packaged = this.current(found);
    if (packaged === undefined || packaged.bundle === null) return undefined;
    const read = new Map<string, Digest>();
    const absent: string[] = [];
    for (const [path, content] of Object.entries(packaged.contents)) {
      if (content === 'absent') absent.push(join(found.home, path));
      else read.set(join(found.home, path), content);
    }
    const { bundle, description, withoutParams } = packaged;
    return { ...bundle, description, withoutParams, closure: [...read.keys()], absent, read };
  }

  /** What was packaged, where its files are as they were. */
  current({ name, home }: FoundRule): PackagedRule | undefined {
    if (home !== this.#packageRoot) return undefined;
    const packaged = readPackaged(home, name);
    if (packaged?.by !== this.#by) return undefined;
    const isUnchanged = Object.entries(packaged.contents).every(
      ([path, content]) => contentOf(join(home, path)) === content,
    );
    return isUnchanged ? packaged : undefined;
  }
}

function readPackaged(packageRoot: string, name: string): PackagedRule | undefined {
  try {
    return JSON.parse(readFileSync(packagedPath(packageRoot, name), 'utf8')) as PackagedRule;
  } catch {
    return undefined;
  }
}

export function packagedPath(packageRoot: string, name: string): string {
  return join(packageRoot, 'dist', 'rules', `${name.replace('/', '+')}.json`);
}

/** What to package of a rule. */
export function packagedFrom(
  rule: LoadedRule,
  packageRoot: string,
  from: Pick<PackagedRule, 'by' | 'maker' | 'withoutParams'>,
): PackagedRule {
  const { summary, shape, inputs, outputs, params, assembles, asks, code, modules, bundle } = rule;
  const contents: Record<string, Content> = {};
  let isWhole = true;
  for (const path of [...rule.closure, ...rule.shadows]) {
    const inside = relative(packageRoot, path);
    const content = contentOf(path);
    if (!/(^|\/)(\.\.|node_modules)\//.test(`${inside}/`)) contents[inside] = content;
    // What is not there is a rule of the project that packages this one.
    else if (content !== 'absent') isWhole = false;
  }
  return {
    ...from,
    contents,
    description: { summary, shape, inputs, outputs, params, assembles, asks },
    bundle: isWhole ? { code, modules, program: readFileSync(bundle, 'utf8') } : null,
  };
}
