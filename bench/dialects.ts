/** A graph in the words of each build tool, and how the tool is called. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Shape, Step } from './graphs.js';

export const BIN = fileURLToPath(new URL('../../dist/vlmbuild.cjs', import.meta.url));

export interface Dialect {
  readonly name: string;
  /** The program, looked for in PATH; what comes behind it. */
  readonly program: string;
  readonly args: readonly string[];
  write(root: string, shape: Shape): void;
}

function command(step: Step): string {
  return step.command.replace('$in', step.inputs.join(' ')).replace('$out', step.output);
}

const vlmbuild: Dialect = {
  name: 'vlmbuild',
  program: process.execPath,
  args: [BIN, '-j2'],
  write(root, { steps }) {
    const makers = new Map(steps.map(({ name, output }) => [output, name]));
    const reference = (path: string): string => makers.get(path) ?? path;
    const lines = steps.flatMap((step) => {
      const inputs = step.folder === undefined ? step.inputs.map(reference) : [`${step.folder}/`];
      const text = step.command.replace('$in', '{input}').replace('$out', '{output}');
      return [
        `  ${step.name}:`,
        `    run: ${JSON.stringify(text)}`,
        `    inputs: ${inputs.length === 1 ? String(inputs[0]) : JSON.stringify(inputs)}`,
        `    outputs: ${step.output}`,
      ];
    });
    writeFileSync(join(root, 'pipeline.yaml'), `version: 1\ntargets:\n${lines.join('\n')}\n`);
  },
};

const ninja: Dialect = {
  name: 'ninja',
  program: 'ninja',
  args: ['-j2'],
  write(root, { steps }) {
    const rules = [...new Set(steps.map((step) => step.command))];
    const lines = rules.flatMap((text, n) => [`rule r${n}`, `  command = ${text}`]);
    for (const { command: text, inputs, output, folder } of steps) {
      const read = folder === undefined ? inputs.join(' ') : `| ${folder} ${inputs.join(' ')}`;
      lines.push(`build ${output}: r${rules.indexOf(text)} ${read}`);
    }
    writeFileSync(join(root, 'build.ninja'), `${lines.join('\n')}\n`);
  },
};

const make: Dialect = {
  name: 'make',
  program: 'make',
  args: ['-s', '-j2'],
  write(root, { steps }) {
    const lines = [
      'MAKEFLAGS += -r -R',
      '.SUFFIXES:',
      '.PHONY: all',
      `all: ${steps.map(({ output }) => output).join(' ')}`,
    ];
    for (const step of steps) {
      const read = [...(step.folder === undefined ? [] : [step.folder]), ...step.inputs].join(' ');
      lines.push(`${step.output}: ${read}\n\t@${command(step)}`);
    }
    writeFileSync(join(root, 'Makefile'), `${lines.join('\n')}\n`);
  },
};

const doit: Dialect = {
  name: 'doit',
  program: 'doit',
  args: ['-n2'],
  write(root, { steps }) {
    const tasks = steps.map((step) => [step.name, command(step), step.inputs, step.output]);
    writeFileSync(join(root, 'graph.json'), JSON.stringify(tasks));
    const program = `import json
DOIT_CONFIG = {"verbosity": 0, "reporter": "zero"}

def task_build():
    for name, command, inputs, output in json.load(open("graph.json")):
        yield {"name": name, "actions": [command], "file_dep": inputs, "targets": [output]}
`;
    writeFileSync(join(root, 'dodo.py'), program);
  },
};

const snakemake: Dialect = {
  name: 'snakemake',
  program: 'snakemake',
  args: ['-q', '-c2'],
  write(root, { steps }) {
    const rules = steps.map(
      (step) =>
        `rule ${step.name}:\n    input: ${JSON.stringify(step.inputs)}\n    output: ${JSON.stringify(step.output)}\n` +
        `    shell: ${JSON.stringify(command(step))}\n`,
    );
    const all = `rule all:\n    input: ${JSON.stringify(steps.map(({ output }) => output))}\n`;
    writeFileSync(join(root, 'Snakefile'), all + rules.join(''));
  },
};

export const DIALECTS = { vlmbuild, ninja, make, doit, snakemake } as const;
export type Tool = keyof typeof DIALECTS;
