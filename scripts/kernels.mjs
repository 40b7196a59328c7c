// Compiles kernels (wasm/*.as, AssemblyScript, and what they import) and writes those of a folder into a module there that
// can be bundled: compiled.ts.
//   node scripts/kernels.mjs [--check]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import asc from 'assemblyscript/asc';
import { globSync } from 'tinyglobby';

const FLAGS = '-O3 --noAssert --runtime stub --enable simd --zeroFilledMemory --initialMemory 1'.split(' ');

/** The compiler knows only files that end with `.ts`, which the checks of TypeScript would take for theirs. */
async function compile(path) {
  const name = basename(path, '.as');
  let binary;
  const { error, stderr } = await asc.main([`${name}.ts`, ...FLAGS, '--outFile', `${name}.wasm`], {
    readFile: (file) => readIfThere(join(dirname(path), file.replace(/\.ts$/, '.as'))),
    writeFile: (file, contents) => {
      if (file === `${name}.wasm`) binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined)
    throw new Error(`${path}: ${error?.message ?? 'nothing came out'}\n${stderr}`);
  return `export const ${name.toUpperCase()} =\n  '${Buffer.from(binary).toString('base64')}';\n`;
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

// What a kernel is made of beside its own file is in a folder of its name.
const sources = globSync('{rules,src}/**/wasm/*.as').sort();
for (const folder of new Set(sources.map((path) => dirname(path)))) {
  const parts = [];
  for (const path of sources) if (dirname(path) === folder) parts.push(await compile(path));
  const text = `// Made by \`node scripts/kernels.mjs\` of the .as files here: WebAssembly modules as base64.\n${parts.join('')}`;
  const target = join(folder, 'compiled.ts');
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${target} is not what the sources compile to: run \`node scripts/kernels.mjs\``);
    process.exitCode = 1;
  }
}
