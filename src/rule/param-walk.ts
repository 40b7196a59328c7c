import type { z } from 'zod';

type Schema = z.core.$ZodType;

/** A place in a params schema where something is wrong with it. */
export type SchemaProblem =
  | { readonly type: 'params-not-strict'; readonly path: string }
  | { readonly type: 'params-not-json'; readonly path: string; readonly found: string };

/** Types whose values have no JSON form. */
const NOT_JSON = new Set([
  'bigint',
  'date',
  'map',
  'set',
  'symbol',
  'function',
  'undefined',
  'void',
  'nan',
  'file',
  'promise',
]);

/** Looks for the first object that is not strict, and for types that JSON cannot hold, at every level. */
export function schemaProblem(schema: Schema): SchemaProblem | undefined {
  const seen = new Set<Schema>();
  const visit = (at: Schema, path: string): SchemaProblem | undefined => {
    if (seen.has(at)) return undefined;
    seen.add(at);
    const { def } = (at as z.core.$ZodTypes)._zod;
    if (NOT_JSON.has(def.type)) return { type: 'params-not-json', path, found: def.type };
    const children: [Schema | null | undefined, string][] = [];
    switch (def.type) {
      case 'object':
        if (def.catchall?._zod.def.type !== 'never') return { type: 'params-not-strict', path };
        for (const [name, child] of Object.entries(def.shape)) children.push([child, joined(path, name)]);
        break;
      case 'array':
        children.push([def.element, `${path}[]`]);
        break;
      case 'tuple':
        def.items.forEach((item, i) => children.push([item, `${path}[${i}]`]));
        children.push([def.rest, `${path}[]`]);
        break;
      case 'record':
        children.push([def.valueType, joined(path, '*')]);
        break;
      case 'union':
        for (const option of def.options) children.push([option, path]);
        break;
      case 'intersection':
        children.push([def.left, path], [def.right, path]);
        break;
      case 'lazy':
        children.push([def.getter(), path]);
        break;
      case 'pipe':
        // What a transform makes of a param is checked when it is used: it must be JSON then.
        children.push([def.in, path]);
        break;
      case 'optional':
      case 'nullable':
      case 'default':
      case 'prefault':
      case 'nonoptional':
      case 'catch':
      case 'readonly':
      case 'success':
        children.push([def.innerType, path]);
        break;
      default:
        break;
    }
    for (const [child, childPath] of children) {
      const problem = child && visit(child, childPath);
      if (problem) return problem;
    }
    return undefined;
  };
  return visit(schema, '');
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
