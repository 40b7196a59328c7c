import { configErrors } from '../diagnostics/config.js';
import type { Location } from '../diagnostics/diagnostic.js';
import type { LoadedRule, RoleDescription } from '../rule/description.js';
import type { Problems } from './problems.js';
import { isEmpty } from './reading.js';
import { locate, type Node } from './source.js';

/** A role and what is written for it. */
interface GivenRole {
  readonly name: string;
  readonly role: RoleDescription;
  readonly node: Node;
}

/** What `inputs` or `outputs` give to a rule's roles. A bare value is for the one role that it can only mean. */
export function givenRoles(
  rule: LoadedRule,
  side: 'input' | 'output',
  node: Node | undefined,
  target: Location,
  problems: Problems,
): GivenRole[] {
  const roles = side === 'input' ? rule.inputs : rule.outputs;
  const known = Object.keys(roles);
  const required = known.filter((name) => roles[name]?.optional === false);
  const given: GivenRole[] = [];
  const give = (name: string, value: Node, at: Location): void => {
    const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
    if (role === undefined) problems.add(configErrors.unknownRole({ at, rule: rule.name, side, name, known }));
    else if (!isEmpty(value)) given.push({ name, role, node: value });
  };
  if (node?.type === 'map') {
    for (const [name, { key, value }] of node.entries) give(name, value, locate(key));
  } else if (node !== undefined) {
    const only = required.length === 1 ? required[0] : known.length === 1 ? known[0] : undefined;
    if (only === undefined) {
      problems.add(configErrors.bareRoles({ at: locate(node), rule: rule.name, side, known }));
      return [];
    }
    give(only, node, locate(node));
  }
  const names = new Set(given.map(({ name }) => name));
  const at = node === undefined ? target : locate(node);
  for (const name of required) {
    if (!names.has(name)) problems.add(configErrors.missingRole({ at, rule: rule.name, side, name }));
  }
  return given;
}
