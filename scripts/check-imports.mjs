// Imports run down the list of docs/architecture.md, never up. Reads every import of src/, rules/ and examples/.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { globSync } from 'tinyglobby';

/** Top to bottom: a module may import from its own layer and from those below it. */
const LAYERS = [
  'cli',
  'render',
  'watch',
  'execute',
  'host',
  'plan',
  'config',
  'rule',
  'artifacts',
  'store',
  'diagnostics',
  'base',
];

const layerOf = (path) => /^src\/([^/]+)\//.exec(path)?.[1];
const isTest = (path) => path.endsWith('.test.ts');
const problems = [];

function resolve(from, specifier) {
  const path = normalize(join(dirname(from), specifier));
  const source = path.replace(/\.js$/, '.ts');
  return existsSync(source) ? source : path;
}

function check(path, specifier, line) {
  const say = (what) => problems.push(`${path}:${line}: ${what}`);
  if (!specifier.startsWith('.')) {
    if (path.startsWith('src/') && specifier === 'vlmbuild' && !isTest(path))
      say('the engine does not import its own public API');
    if (path.startsWith('rules/crafter/sim/') && !isTest(path) && !path.endsWith('/testing.ts'))
      say(`the simulator stands on its own (${specifier})`);
    return;
  }
  const target = resolve(path, specifier);
  if (path.startsWith('src/') && target.startsWith('rules/')) say(`the engine never names a rule (${target})`);
  if (path.startsWith('rules/')) {
    if (target.startsWith('src/') && !isTest(path))
      say(`a rule reaches into the engine (${target}): import from 'vlmbuild'`);
    if (path.startsWith('rules/crafter/sim/') && !target.startsWith('rules/crafter/sim/'))
      say(`the simulator knows nothing of rules (${target})`);
    if (path.startsWith('rules/lib/') && /^rules\/(?!lib\/)/.test(target))
      say(`a library imports a rule's module (${target})`);
  }
  const own = layerOf(path);
  const other = layerOf(target);
  if (own !== undefined && other !== undefined && !isTest(path)) {
    const [a, b] = [LAYERS.indexOf(own), LAYERS.indexOf(other)];
    if (a < 0 || b < 0) say(`'${a < 0 ? own : other}' is not a layer of the list`);
    else if (b < a) say(`${own}/ is below ${other}/ and may not import ${target}`);
  }
  if (own !== undefined && target === 'src/index.ts') say('src/index.ts is for rules alone');
}

const IMPORT =
  /^\s*(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;
const files = globSync(['src/**/*.ts', 'rules/**/*.ts', 'examples/**/rules/**/*.ts'], {
  ignore: ['**/node_modules/**'],
});
for (const path of files.sort()) {
  const text = readFileSync(path, 'utf8');
  for (const match of text.matchAll(IMPORT)) {
    check(path, match[1] ?? match[2] ?? match[3], text.slice(0, match.index).split('\n').length);
  }
}
for (const problem of problems) console.error(problem);
console.log(`imports: ${files.length} modules, ${problems.length} in the wrong direction`);
process.exit(problems.length === 0 ? 0 : 1);
