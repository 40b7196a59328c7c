import type { KindName } from '../../src/artifacts/kind.js';
import { FAULT_RULES } from './rules.js';
import type { Random } from './random.js';

/** What an edit may change of a project: its sources, and the params of its targets. */
export interface Model {
  /** Source files by path; the pipeline and the rules are printed from the rest. */
  readonly sources: Map<string, string>;
  readonly targets: readonly ModelTarget[];
}

export interface ModelTarget {
  readonly name: string;
  readonly outputs: readonly ModelOutput[];
  /** Of the pipeline file, but for the outputs. */
  readonly lines: (params: Params) => readonly string[];
  params: Params;
}

export interface ModelOutput {
  readonly name: string;
  readonly path: string;
  readonly kind: KindName;
  /** A command writes it at its own path: what it has written so far shows there. */
  readonly own?: boolean;
}

interface Params {
  readonly text: string;
  readonly number: number;
}

/** Names of what a target can read, by kind: references of the pipeline file. */
type Sources = Record<'rows' | 'files' | 'db' | 'text', string[]>;

const SHAPES = [
  'mark',
  'list',
  'play',
  'explode',
  'table',
  'query',
  'asks',
  'join',
  'sort',
  'folder',
  'large',
] as const;
type Shape = (typeof SHAPES)[number];

/** A pipeline of targets of all shapes, with sources for it. */
export function randomModel(random: Random, count = random.between(3, 8)): Model {
  const sources = new Map<string, string>([
    ['data/rows.jsonl', randomRows(random)],
    ['data/files/one.txt', 'one'],
    ['data/files/deep/two.txt', 'two'],
    ['data/note-1.txt', 'first note\n'],
  ]);
  const readable: Sources = { rows: ['data/rows.jsonl'], files: ['data/files/'], db: [], text: ["'data/note-*.txt'"] };
  const targets: ModelTarget[] = [];
  while (targets.length < count) {
    const shape = random.pick(SHAPES);
    const target = targetOf(shape, `${shape}_${String(targets.length)}`, readable, random);
    if (target !== undefined) targets.push(target);
  }
  return { sources, targets };
}

function targetOf(shape: Shape, name: string, readable: Sources, random: Random): ModelTarget | undefined {
  const folder = `out/${name}`;
  const params = { text: 'a', number: 2 };
  const rows = random.pick(readable.rows);
  const files = random.pick(readable.files);
  const text = random.pick(readable.text);
  const q = (value: string): string => JSON.stringify(value);
  switch (shape) {
    case 'mark':
      readable.rows.push(name);
      return {
        name,
        params,
        lines: (p) => ['rule: fault/mark', `inputs: { rows: ${rows} }`, `params: { mark: ${q(p.text)} }`],
        outputs: [{ name: 'rows', path: `${folder}.jsonl`, kind: 'jsonl' }],
      };
    case 'list': {
      const allowed = random.chance(0.3) ? ['allow_failures: 1'] : [];
      readable.rows.push(`${name}.rows`);
      readable.text.push(`${name}.count`);
      return {
        name,
        params,
        lines: (p) => [
          'rule: fault/list',
          `inputs: { files: ${files} }`,
          `params: { most: ${String(p.number + 1)} }`,
          ...allowed,
        ],
        outputs: [
          { name: 'rows', path: `${folder}.jsonl`, kind: 'jsonl' },
          { name: 'count', path: `${folder}.count`, kind: 'file' },
        ],
      };
    }
    case 'play':
      readable.rows.push(`${name}.rows`);
      readable.files.push(`${name}.frames`);
      return {
        name,
        params,
        lines: (p) => ['rule: fault/play', `params: { episodes: ${String(p.number)}, mark: ${q(p.text)} }`],
        outputs: [
          { name: 'rows', path: `${folder}.jsonl`, kind: 'jsonl' },
          { name: 'frames', path: `${folder}/`, kind: 'directory' },
        ],
      };
    case 'explode':
      readable.files.push(`${name}.files`);
      readable.text.push(`${name}.index`);
      return {
        name,
        params,
        lines: (p) => ['rule: fault/explode', `inputs: { rows: ${rows} }`, `params: { suffix: ${q(`.${p.text}`)} }`],
        outputs: [
          { name: 'files', path: `${folder}/`, kind: 'directory' },
          { name: 'index', path: `${folder}.index`, kind: 'file' },
        ],
      };
    case 'table':
      readable.db.push(name);
      return {
        name,
        params,
        lines: (p) => ['rule: fault/table', `inputs: { rows: ${rows} }`, `params: { groups: ${String(p.number)} }`],
        outputs: [{ name: 'db', path: `${folder}.db`, kind: 'sqlite' }],
      };
    case 'query': {
      if (readable.db.length === 0) return undefined;
      const db = random.pick(readable.db);
      readable.rows.push(name);
      return {
        name,
        params,
        lines: (p) => ['rule: fault/query', `inputs: { db: ${db} }`, `params: { mark: ${q(p.text)} }`],
        outputs: [{ name: 'rows', path: `${folder}.jsonl`, kind: 'jsonl' }],
      };
    }
    case 'asks':
      readable.text.push(name);
      return {
        name,
        params,
        lines: (p) => ['rule: fault/asks', `params: { question: ${q(p.text)} }`],
        outputs: [{ name: 'answer', path: `${folder}.json`, kind: 'file' }],
      };
    case 'join':
      readable.text.push(name);
      return {
        name,
        params,
        // Fails where what it reads says so.
        lines: (p) => [
          `run: "! grep -q ^bad {inputs.texts} && cat {inputs.texts} > {output} && echo ${p.text} >> {output}"`,
          `inputs: { texts: ${text} }`,
        ],
        outputs: [{ name: 'out', path: `${folder}.txt`, kind: 'file' }],
      };
    case 'sort':
      readable.rows.push(name);
      return {
        name,
        params,
        // The text does not say where it writes: it writes to the output's own path.
        lines: (p) => [
          `run: "mkdir -p out && grep -v ${p.text}${p.text}${p.text} {inputs.rows} | sort > ${folder}.jsonl"`,
          `inputs: { rows: ${rows} }`,
        ],
        outputs: [{ name: 'out', path: `${folder}.jsonl`, kind: 'jsonl', own: true }],
      };
    case 'folder':
      readable.files.push(name);
      return {
        name,
        params,
        lines: (p) => [
          `run: "mkdir -p {output}/sub && cat {inputs.texts} > {output}/sub/texts && echo ${p.text} > {output}/${p.text}.txt && chmod +x {output}/${p.text}.txt"`,
          `inputs: { texts: ${text} }`,
        ],
        outputs: [{ name: 'out', path: `${folder}/`, kind: 'directory' }],
      };
    case 'large':
      return {
        name,
        params,
        lines: (p) => [`run: "yes ${p.text} | head -c ${String(4_000_000 + p.number * 500_000)} > {output}"`],
        outputs: [{ name: 'out', path: `${folder}.bin`, kind: 'file' }],
      };
  }
}

/** Mostly few rows, now and then some blocks of them. */
function randomRows(random: Random): string {
  const count = random.chance(0.1) ? random.between(8_000, 20_000) : random.between(1, 40);
  return Array.from({ length: count }, (_, n) => {
    const text = n < 40 ? random.next().toString(36).slice(2) : 'one of many rows of some length, as rows are';
    return `${JSON.stringify({ n, text })}\n`;
  }).join('');
}

/** Changes something that a build has to follow. Returns what, for people. */
export function edit({ sources, targets }: Model, random: Random): string {
  const names = ['one.txt', 'deep/two.txt', 'three.txt', 'four.txt', 'deep/er/five.txt'];
  const file = `data/files/${random.pick(names)}`;
  const note = `data/note-${String(random.between(1, 3))}.txt`;
  switch (random.between(0, 6)) {
    case 0:
      sources.set('data/rows.jsonl', randomRows(random));
      return 'rows';
    case 1: {
      const rows = (sources.get('data/rows.jsonl') ?? '').split('\n').slice(0, -1);
      rows.splice(
        random.between(0, rows.length),
        random.between(0, 1),
        JSON.stringify({ new: random.between(0, 999) }),
      );
      sources.set('data/rows.jsonl', rows.map((row) => `${row}\n`).join(''));
      return 'a row';
    }
    case 2:
      if (sources.has(file) && file !== 'data/files/one.txt' && random.chance(0.5)) {
        sources.delete(file);
        return `${file} removed`;
      }
      sources.set(file, `${random.chance(0.15) ? 'bad ' : ''}text ${String(random.between(0, 99))}`);
      return file;
    case 3:
      if (sources.has(note) && note !== 'data/note-1.txt' && random.chance(0.5)) {
        sources.delete(note);
        return `${note} removed`;
      }
      sources.set(note, `${random.chance(0.15) ? 'bad ' : ''}note ${String(random.between(0, 99))}\n`);
      return note;
    default: {
      const target = random.pick(targets);
      target.params = { text: random.pick(['a', 'b', 'c', 'd']), number: random.between(1, 4) };
      return `params of ${target.name}`;
    }
  }
}

/** The whole project as files. */
export function printModel({ sources, targets }: Model): Record<string, string> {
  const pipeline = [
    'version: 1',
    'targets:',
    ...targets.flatMap(({ name, lines, params, outputs }) => [
      `  ${name}:`,
      ...lines(params).map((line) => `    ${line}`),
      outputs.length === 1
        ? `    outputs: ${outputs[0]?.path ?? ''}`
        : `    outputs: { ${outputs.map((output) => `${output.name}: ${output.path}`).join(', ')} }`,
    ]),
    '',
  ].join('\n');
  return { ...FAULT_RULES, ...Object.fromEntries(sources), 'pipeline.yaml': pipeline };
}
