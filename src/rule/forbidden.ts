import { SourceMap } from 'node:module';
import { resolve } from 'node:path';
import { tokensOf, type Token } from './tokens.js';

/** Something a rule may not use, and where its source has it: lines and columns from 1. */
export interface ForbiddenUse {
  readonly type: 'place' | 'computed';
  /** As written: `import.meta.url`, `__dirname`, `import`, `require`. */
  readonly what: string;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

const MARKED: Readonly<Record<string, string>> = {
  __vlmbuild_import_meta: 'import.meta',
  __vlmbuild_dirname: '__dirname',
  __vlmbuild_filename: '__filename',
};

/** For esbuild's `define`: its parser knows which of these are meant, and marks them. */
export const FORBIDDEN: Record<string, string> = Object.fromEntries(
  Object.entries(MARKED).map(([marker, what]) => [what, marker]),
);

/** Finds marked names and computed imports in a bundle that esbuild printed with an inline source map. */
export function forbiddenUses(printed: string, sourceRoot: string): readonly ForbiddenUse[] {
  if (!/__vlmbuild_|\bimport\s*\(|\b__require\b|\b__glob\b/.test(printed)) return [];
  const tokens = tokensOf(printed);
  if (tokens === undefined) return [];
  const uses: ForbiddenUse[] = [];
  const place = locator(printed, sourceRoot);
  // esbuild bundles every file that `import(`./${name}.js`)` could mean, behind a function of its own.
  const globs = new Set(
    tokens.filter((_, i) => tokens[i + 1]?.text === '=' && tokens[i + 2]?.text === '__glob').map(({ text }) => text),
  );
  tokens.forEach((token, i) => {
    const isGlob = globs.has(token.text) && tokens[i + 1]?.text === '(';
    const use = isGlob ? globUse(token.text) : useAt(tokens, token, i);
    const at = use && place(token.start);
    if (at) uses.push({ ...use, ...at, length: use.what.length });
  });
  return uses;
}

function useAt(tokens: readonly Token[], token: Token, i: number): Pick<ForbiddenUse, 'type' | 'what'> | undefined {
  if (token.type !== 'name' || tokens[i - 1]?.text === '.') return undefined;
  const marked = Object.hasOwn(MARKED, token.text) ? MARKED[token.text] : undefined;
  if (marked !== undefined) {
    const member = marked === 'import.meta' && tokens[i + 1]?.text === '.' ? `.${tokens[i + 2]?.text ?? ''}` : '';
    return { type: 'place', what: `${marked}${member}` };
  }
  const next = tokens[i + 1]?.text;
  const literal = next === '(' && tokens[i + 2]?.type === 'string' && [')', ','].includes(tokens[i + 3]?.text ?? '');
  if (token.text === 'import' && next === '(' && !literal) return { type: 'computed', what: 'import' };
  if (token.text === '__require' && !literal) return { type: 'computed', what: 'require' };
  return undefined;
}

function globUse(name: string): Pick<ForbiddenUse, 'type' | 'what'> {
  return { type: 'computed', what: name.startsWith('globImport') ? 'import' : 'require' };
}

/**
 * From an offset in a bundle that esbuild printed with an inline source map to its source; undefined for esbuild's own
 * helpers.
 */
export function locator(printed: string, sourceRoot: string) {
  const encoded = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(printed)?.[1] ?? '';
  const map = new SourceMap(
    JSON.parse(Buffer.from(encoded, 'base64').toString()) as ConstructorParameters<typeof SourceMap>[0],
  );
  return (offset: number): Pick<ForbiddenUse, 'path' | 'line' | 'column'> | undefined => {
    const before = printed.slice(0, offset).split('\n');
    const entry = map.findEntry(before.length - 1, before.at(-1)?.length ?? 0);
    if (!('originalSource' in entry)) return undefined;
    return {
      path: resolve(sourceRoot, entry.originalSource),
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    };
  };
}
