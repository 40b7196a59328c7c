import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, relative, resolve } from 'node:path';

/** `at name (/path/dist/main.cjs:12:345)`, or without a name. */
const FRAME = /^(\s+at (?:.*\()?)(?:file:\/\/)?(\/.*\.cjs):(\d+):(\d+)(\)?)$/;

/** The stack of a failure of vlmbuild's own, with the places in its sources instead of those in its bundles. */
export function ownStack(error: Error): string {
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (bundle: string): SourceMap | undefined => {
    if (!maps.has(bundle)) maps.set(bundle, readMap(`${bundle}.map`));
    return maps.get(bundle);
  };
  return (error.stack ?? error.message)
    .split('\n')
    .map((line) => {
      const [, before = '', bundle = '', row, column, after = ''] = FRAME.exec(line) ?? [];
      const entry = mapOf(bundle)?.findEntry(Number(row) - 1, Number(column) - 1);
      if (entry === undefined || !('originalSource' in entry)) return line;
      const source = resolve(dirname(bundle), entry.originalSource);
      const shown = relative(resolve(dirname(bundle), '..'), source);
      return `${before}${shown}:${entry.originalLine + 1}:${entry.originalColumn + 1}${after}`;
    })
    .join('\n');
}

/** Undefined where there is none: then the places in the bundle must do. */
function readMap(path: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, 'utf8')) as ConstructorParameters<typeof SourceMap>[0]);
  } catch {
    return undefined;
  }
}
