import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserFacingError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { formatDiagnostic } from '../diagnostics/format.js';
import { buildGraph } from '../plan/graph.js';
import { inTextOrder } from './problems.js';
import { loadProject, makeProject, withoutRoot } from './testing.js';

/** What `mistakes.txt` says of itself is true of these. */
const FILES = {
  'src/a.jsonl': '{}\n',
  'src/b.jsonl': '{}\n',
  'src/c.db': '',
  'scripts/card.py': '',
  'rules/sft/filter.ts': '',
  outside: '→ /usr',
};
const ENVIRONMENT = { TOKEN: 't0p', STEPS: 'many' };

async function problemsOf(root: string, set: readonly string[]): Promise<readonly Diagnostic[]> {
  try {
    const { pipeline, problems } = await loadProject(root, { set, environment: ENVIRONMENT });
    const { graph, problems: graphProblems } = buildGraph(pipeline);
    return [...problems, ...inTextOrder([...graphProblems, ...[...graph.absent.values()].flat()])];
  } catch (error) {
    if (error instanceof UserFacingError) return error.diagnostics;
    throw error;
  }
}

const cases = readFileSync(join('src', 'config', 'mistakes.txt'), 'utf8')
  .split(/^## /m)
  .slice(1);
for (const text of cases) {
  const title = text.split('\n', 1)[0] ?? '';
  const yaml = /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const expected = /```text\n([\s\S]*?)\n```/.exec(text)?.[1] ?? '';
  const set = [...text.matchAll(/^\$ --set (.*)$/gm)].map((match) => match[1] ?? '');

  test(title, async (t) => {
    const root = makeProject(t, { ...FILES, 'pipeline.yaml': yaml });
    const problems = await problemsOf(root, set);
    const said = problems.map((problem) => formatDiagnostic(problem, { color: false })).join('\n\n');
    t.is(withoutRoot(said, root), expected);
  });
}

test('every code is of one mistake', (t) => {
  const codes = new Map<string, string>();
  for (const table of ['yaml', 'config', 'values', 'graph']) {
    const text = readFileSync(join('src', 'diagnostics', `${table}.ts`), 'utf8');
    for (const [, name = '', body = ''] of text.matchAll(/^ {2}(\w+): \(([\s\S]*?)(?=^ {2}\/\*\*|^\} as const)/gm)) {
      for (const code of new Set([...body.matchAll(/'(VB\d+)'/g)].map((match) => match[1] ?? ''))) {
        t.is(codes.get(code), undefined, `${code} is both ${codes.get(code) ?? ''} and ${name}`);
        codes.set(code, name);
      }
    }
  }
  t.true(codes.size > 50);
});
