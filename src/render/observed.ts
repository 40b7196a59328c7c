import { isAbsolute } from 'node:path';
import { plural } from '../base/units.js';
import type { Undeclared, UndeclaredFile } from '../execute/undeclared.js';

const WORDS: Readonly<Record<UndeclaredFile['access'], string>> = {
  read: 'reads',
  written: 'writes',
  listed: 'lists',
  'looked-at': 'looks at',
  missing: 'misses',
};

/** What a target uses and does not declare, and how to put that right. */
export function observedText(target: string, found: Undeclared, work: 'rule' | 'command'): string {
  const { files, hints, programs } = found;
  const lines: string[] = [];
  if (files.length === 0) lines.push(`${target}: every file that it uses is declared`);
  else {
    lines.push(`${target}: ${plural(files.length, 'file')} not declared`);
    lines.push(...files.map(fileText), ...repairs(files, work));
  }
  if (hints.length > 0) {
    lines.push(
      '  only asked for, not there (misses), or the way of a runtime: it matters where the result depends on it',
    );
    lines.push(...hints.map(fileText));
  }
  if (programs.length > 0)
    lines.push(`  programs it runs: ${few(programs)}; their versions count where \`tools\` has them`);
  return lines.join('\n');
}

function fileText({ access, path, programs }: UndeclaredFile): string {
  const folder = access === 'listed' ? '/' : '';
  const by = programs.filter((program) => program !== 'node' && program !== '').join(', ');
  return `    ${WORDS[access].padEnd(8)}  ${path}${folder}${by === '' ? '' : `  (${by})`}`;
}

/** Wrappers of programs run many others. */
function few(programs: readonly string[]): string {
  const shown = programs.slice(0, 8).join(', ');
  return programs.length > 8 ? `${shown} and ${programs.length - 8} more` : shown;
}

/** One line a kind of repair. */
function repairs(files: readonly UndeclaredFile[], work: 'rule' | 'command'): string[] {
  const has = (access: UndeclaredFile['access']): string[] =>
    files.filter((file) => file.access === access).map(({ path }) => path);
  const [[read], [listed], [written]] = [has('read'), has('listed'), has('written')];
  const lines: string[] = [];
  if (read !== undefined) {
    const name = nameFor(read);
    lines.push(
      ...(work === 'command'
        ? [
            `  put it right: \`inputs: { ${name}: ${read} }\` and \`{inputs.${name}}\` in the command; \`allow: [${read}]\` where it`,
            '    cannot change the result; `tools` where it belongs to a program',
          ]
        : [`  put it right: give the rule an input for it and read \`inputs.${name}\`; import code and assets`]),
    );
  }
  if (listed !== undefined)
    lines.push(`  put it right: make the folder an input (\`${listed}/\`), so that files that come and go are noticed`);
  if (written !== undefined) lines.push(`  put it right: ${declaring(written)}write it below $TMPDIR`);
  return lines;
}

/** No output lies outside of the project. */
function declaring(written: string): string {
  return isAbsolute(written) || written.startsWith('../') ? '' : `declare ${written} under \`outputs\`, or `;
}

/** A role's name from a path. */
function nameFor(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1).replace(/\..*$/, '');
  const name = base.replace(/[^A-Za-z0-9_-]/g, '_').replace(/^[^A-Za-z_]+/, '');
  return name === '' ? 'more' : name;
}
