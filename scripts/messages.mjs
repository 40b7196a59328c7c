// Writes docs/messages.md from the tables in src/diagnostics/: every code, the docstring of its entry, its layer.
//   node scripts/messages.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { globSync } from 'tinyglobby';
import ts from 'typescript';

const rows = [];

/** An entry is a documented property or method whose code says `VBnnn`: nested tables have entries of their own. */
function visit(node, layer, source) {
  const isEntry = ts.isPropertyAssignment(node) || ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node);
  if (isEntry && node.jsDoc !== undefined) {
    const codes = new Set(node.getText(source).match(/'VB\d+'/g) ?? []);
    const doc = ts.getTextOfJSDocComment(node.jsDoc.at(-1).comment) ?? '';
    for (const code of codes) rows.push({ code: code.slice(1, -1), layer, doc: doc.replace(/\s+/g, ' ').trim() });
    if (codes.size > 0) return;
  }
  ts.forEachChild(node, (child) => visit(child, layer, source));
}

for (const path of globSync('src/diagnostics/*.ts').sort()) {
  if (path.endsWith('.test.ts')) continue;
  const text = readFileSync(path, 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const before = rows.length;
  visit(source, basename(path, '.ts'), source);
  const named = new Set(text.match(/'VB\d+'/g) ?? []).size;
  if (rows.length - before < named) {
    const seen = new Set(rows.map((row) => `'${row.code}'`));
    const missing = [...new Set(text.match(/'VB\d+'/g))].filter((code) => !seen.has(code));
    console.error(`${path}: no docstring above the entry of ${missing.join(', ')}`);
    process.exitCode = 1;
  }
}
const seen = new Map();
for (const row of rows) {
  if (seen.has(row.code) && seen.get(row.code) !== row.doc) {
    console.error(`${row.code} stands twice: ${seen.get(row.code)} / ${row.doc}`);
    process.exitCode = 1;
  }
  seen.set(row.code, row.doc);
}
rows.sort((a, b) => (a.code < b.code ? -1 : 1));
const page = `# Messages

Every diagnostic has a code. This page is generated from the tables in \`src/diagnostics/\` (\`node scripts/messages.mjs\`).

| code | layer | when |
| --- | --- | --- |
${rows.map(({ code, layer, doc }) => `| ${code} | ${layer} | ${doc.replaceAll('|', '\\|')} |`).join('\n')}
`;
if (process.argv.includes('--check')) {
  if (readFileSync('docs/messages.md', 'utf8') !== page) {
    console.error('docs/messages.md is not current: node scripts/messages.mjs');
    process.exitCode = 1;
  }
} else writeFileSync('docs/messages.md', page);
console.log(`messages: ${rows.length}`);
