import { valueErrors } from '../diagnostics/values.js';
import type { Problems } from './problems.js';
import { Source, type Node } from './source.js';
import { readYaml } from './yaml-reader.js';

/** Replaces vars by what `--set vars.NAME=VALUE` arguments give; values are YAML, the last one of a name counts. */
export async function applySet(set: readonly string[], vars: Map<string, Node>, problems: Problems): Promise<void> {
  for (const text of set) {
    const equals = text.indexOf('=');
    const key = equals < 0 ? text : text.slice(0, equals);
    const name = key.startsWith('vars.') ? key.slice('vars.'.length) : undefined;
    if (equals < 0) {
      problems.add(
        valueErrors.badSet({
          text,
          next: `give a value: \`--set ${name === undefined ? `vars.${key}` : key}=VALUE\``,
        }),
      );
    } else if (name === undefined) {
      const next = vars.has(key) ? `write \`--set vars.${text}\`` : 'only vars can be set: `--set vars.NAME=VALUE`';
      problems.add(valueErrors.badSet({ text, next }));
    } else if (!vars.has(name)) {
      problems.add(valueErrors.unknownSet({ text, name, known: [...vars.keys()] }));
    } else {
      const value = await readYaml(new Source(`--set ${key}`, text.slice(equals + 1)), problems);
      if (value !== undefined) vars.set(name, value);
    }
  }
}
