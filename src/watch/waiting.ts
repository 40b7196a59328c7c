import { shortPath } from '../base/shown-path.js';
import type { Pipeline, Target } from '../config/pipeline.js';
import type { Waiting } from './events.js';

const NEEDS_SHOWN = 5;

/** What failed targets wait for. */
export function waitingOf(failed: readonly string[], { root, targets }: Pipeline): Waiting[] {
  return failed.flatMap((name) => {
    const target = targets.get(name);
    return target === undefined ? [] : [{ target: name, needs: needsOf(target, root) }];
  });
}

/** What to change for another result: inputs as written, the rule's module. */
function needsOf({ inputs, work }: Target, root: string): string[] {
  const names = Object.values(inputs).flatMap(({ references }) =>
    references.map((reference) =>
      reference.type === 'output'
        ? `${reference.target}.${reference.output}`
        : reference.type === 'path'
          ? reference.path
          : reference.pattern,
    ),
  );
  if (work.type === 'rule') names.push(shortPath(work.rule.path, root));
  return names.slice(0, NEEDS_SHOWN);
}
