import { buildCommand } from '@stricli/core';
import { EXIT, UserFacingError } from '../../diagnostics/diagnostic.js';
import type { CliContext } from '../context.js';
import { projectAliases, projectFlags, targetWords, type ProjectFlags } from '../flags.js';
import { withSession } from '../project.js';

const FORMATS = ['tree', 'dot', 'mermaid', 'json'] as const;

interface Flags extends ProjectFlags {
  readonly format: (typeof FORMATS)[number];
}

export const graphCommand = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: 'Draw which target needs which',
    fullDescription:
      'As a tree, for Graphviz (dot), for Markdown (mermaid), or as JSON.\n  vlmbuild graph --format dot | dot -Tsvg > graph.svg',
  },
  parameters: {
    positional: targetWords,
    flags: {
      format: { kind: 'enum', values: FORMATS, default: 'tree', brief: 'What to draw' },
      ...projectFlags,
    },
    aliases: projectAliases,
  },
  async func(this: CliContext, flags: Flags, ...words: string[]) {
    await withSession(flags, this.process.env, 'reading', async (session) => {
      const { overviewOf } = await import('../../execute/overview.js');
      const { graphDot, graphMermaid, graphTree, pictureOf } = await import('../../render/graph.js');
      const { names, decisions, absent } = await overviewOf(session, words);
      const picture = pictureOf(session.graph, names, decisions);
      const draw = {
        tree: graphTree,
        dot: graphDot,
        mermaid: graphMermaid,
        json: (p: typeof picture) => JSON.stringify(p, null, 2),
      };
      this.process.stdout.write(`${draw[flags.format](picture)}\n`);
      if (absent.length > 0) throw new UserFacingError(absent, EXIT.failed);
    });
  },
});
