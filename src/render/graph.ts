import type { Graph } from '../plan/graph.js';
import type { Decision } from '../plan/decision.js';

/** The graph as data: what every picture is drawn from, and `--format json` as it stands. */
export interface GraphPicture {
  readonly targets: readonly {
    readonly name: string;
    readonly work: string;
    readonly state: Decision['state'];
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  }[];
}

export function pictureOf(
  graph: Graph,
  names: readonly string[],
  decisions: ReadonlyMap<string, Decision>,
): GraphPicture {
  return {
    targets: names.flatMap((name) => {
      const target = graph.pipeline.targets.get(name);
      if (target === undefined) return [];
      return [
        {
          name,
          work: target.work.type === 'rule' ? target.work.rule.name : 'run',
          state: decisions.get(name)?.state ?? 'waiting',
          inputs: graph.dependencies.get(name) ?? [],
          outputs: Object.values(target.outputs).map((output) => output.path),
        },
      ];
    }),
  };
}

/**
 * A tree from the targets that nothing else needs down to what they need. A target met again is named, not drawn again.
 *
 *     job  job/submit  fresh
 *     └─ split  sft/split  fresh
 *        └─ dataset  sft/filter  stale
 */
export function graphTree(picture: GraphPicture): string {
  const byName = new Map(picture.targets.map((target) => [target.name, target]));
  const needed = new Set(picture.targets.flatMap((target) => target.inputs));
  const drawn = new Set<string>();
  const lines: string[] = [];

  const draw = (name: string, head: string, tail: string): void => {
    const target = byName.get(name);
    if (target === undefined) return;
    const seen = drawn.has(name) && target.inputs.length > 0;
    lines.push(`${head}${name}  ${target.work}  ${target.state}${seen ? '  (see above)' : ''}`);
    if (seen) return;
    drawn.add(name);
    for (const [i, input] of target.inputs.entries()) {
      const last = i === target.inputs.length - 1;
      draw(input, `${tail}${last ? '└─ ' : '├─ '}`, `${tail}${last ? '   ' : '│  '}`);
    }
  };
  for (const target of picture.targets.toReversed()) if (!needed.has(target.name)) draw(target.name, '', '');
  return lines.join('\n');
}

/** Fill colours by state: the same in dot and mermaid. */
const COLORS: Record<Decision['state'], string> = {
  fresh: '#d8f0d8',
  restorable: '#d8e8f8',
  stale: '#fbe3c8',
  waiting: '#eeeeee',
};

/** For Graphviz: `vlmbuild graph --format dot | dot -Tsvg`. */
export function graphDot(picture: GraphPicture): string {
  const nodes = picture.targets.map(
    ({ name, work, state }) =>
      `  ${JSON.stringify(name)} [label=${JSON.stringify(`${name}\n${work}`)}, fillcolor="${COLORS[state]}"];`,
  );
  const edges = picture.targets.flatMap(({ name, inputs }) =>
    inputs.map((input) => `  ${JSON.stringify(input)} -> ${JSON.stringify(name)};`),
  );
  return [
    'digraph pipeline {',
    '  rankdir=LR;',
    '  node [shape=box, style="rounded,filled", fontname="sans-serif"];',
    ...nodes,
    ...edges,
    '}',
  ].join('\n');
}

/** For Markdown: forges draw a `mermaid` block as a picture. */
export function graphMermaid(picture: GraphPicture): string {
  const ids = new Map(picture.targets.map(({ name }, i) => [name, `t${i}`]));
  const nodes = picture.targets.map(({ name, work }) => `  ${ids.get(name) ?? ''}["${name}<br/><i>${work}</i>"]`);
  const edges = picture.targets.flatMap(({ name, inputs }) =>
    inputs.map((input) => `  ${ids.get(input) ?? ''} --> ${ids.get(name) ?? ''}`),
  );
  const styles = picture.targets.map(
    ({ name, state }) => `  style ${ids.get(name) ?? ''} fill:${COLORS[state]},stroke:#888`,
  );
  return ['graph LR', ...nodes, ...edges, ...styles].join('\n');
}
