import { statSync } from 'node:fs';
import { z } from 'zod';
import { defineRule, file, jsonl, UserError, type JsonlInput } from 'vlmbuild';
import { jsonText } from '../lib/chat/json-text.js';
import { plural } from '../lib/counts.js';
import { countLines } from '../lib/jsonl.js';
import { shownPath } from '../lib/paths.js';
import { checkKeys } from './submit/keys.js';
import { jobPayload, tableAt, written } from './submit/payload.js';
import { lineOfKey, parseToml, type TomlTable } from './submit/toml.js';

const DEFAULT_MODEL = 'Qwen/Qwen3-4B';

/**
 * Writes what a submission comes to, as indented JSON:
 *
 *     { backend, model,
 *       payload,                                            the body that creates the job
 *       files: [{ role, file_id, sha256, size, rows }],     what would be uploaded
 *       record: { modalities, description, tags },          what the config says for people
 *       report: { not_forwarded, unknown, warnings } }      what of the config does not reach the service
 *
 * With `backend: dry-run` nothing is sent, and file ids are placeholders.
 */
export default defineRule({
  summary: 'Prepare a fine-tuning job from a TOML file and a dataset; `dry-run` writes it without sending anything.',
  params: z.strictObject({
    backend: z.enum(['dry-run']).default('dry-run').describe('where the job goes; `dry-run` sends nothing'),
    strict: z
      .boolean()
      .default(false)
      .describe('settings that do not reach the service, unknown keys and an unusable validation file are errors'),
  }),
  inputs: { config: file(), train: jsonl(), validation: jsonl().optional() },
  outputs: { job: file() },

  async run({ inputs, outputs, params, env, log }) {
    const text = await inputs.config.text();
    const path = shownPath(inputs.config.path);
    const config = parseToml(text, path);
    const { unknown, notForwarded, warnings } = reviewed(config, text, path);

    const train = { role: 'train', file_id: 'dry-run:train', ...factsOf(inputs.train) };
    if (train.rows === 0) {
      throw new UserError(`the training data \`${shownPath(inputs.train.path)}\` has no rows`, {
        next: 'look at what makes it: a filter or a split may keep nothing',
      });
    }
    const validation =
      inputs.validation === undefined
        ? undefined
        : { role: 'validation', file_id: 'dry-run:validation', ...factsOf(inputs.validation) };
    const isValidated = validation !== undefined && validation.rows > 0;
    if (validation !== undefined && !isValidated)
      warnings.push('the validation data has no rows: training goes without');

    const problems = [
      ...notForwarded.map((key) => located(path, text, key, 'is not forwarded by this backend')),
      ...unknown.map((key) => located(path, text, key, 'is unknown')),
      ...warnings.map((warning) => `${path}: ${warning}`),
    ];
    if (params.strict && problems.length > 0) {
      throw new UserError(problems.join('\n'), {
        next: 'take out what does not apply, or set `strict: false`',
      });
    }
    for (const problem of problems) log(problem);

    const job = tableAt(config, 'job');
    const model =
      typeof job['model'] === 'string' && job['model'] !== '' ? job['model'] : env['SFT_MODEL'] || DEFAULT_MODEL;
    const files = isValidated ? [train, validation] : [train];
    const record = {
      modalities: job['modalities'] && written(job['modalities']),
      description: job['description'] && written(job['description']),
      tags: written(tableAt(config, 'tags')),
    };
    const submission = {
      backend: params.backend,
      model,
      payload: jobPayload(config, model, {
        train: train.file_id,
        validation: isValidated ? validation.file_id : undefined,
      }),
      files,
      record,
      report: { not_forwarded: notForwarded, unknown, warnings },
    };
    await outputs.job.write(`${jsonText(submission, 2)}\n`);
    log(`${model}: ${files.map(({ role, rows }) => `${plural(rows, 'row')} of ${role}`).join(', ')}; nothing was sent`);
  },
});

/** @throws UserError for values of the wrong type: nothing sensible could be sent. */
function reviewed(config: TomlTable, text: string, path: string) {
  const { unknown, notForwarded, noTables, wrong } = checkKeys(config);
  if (wrong.length > 0) {
    const lines = wrong.map(({ key, expected }) => located(path, text, key, `must be ${expected}`));
    throw new UserError(lines.join('\n'), { next: 'correct the file: nothing was sent' });
  }
  const warnings = noTables.map((key) => `\`${key}\` is not a table: it counts as absent`);
  return { unknown, notForwarded, warnings };
}

/** `job.toml:2: \`job.model\` must be text`. */
function located(path: string, text: string, key: string, what: string): string {
  const line = lineOfKey(text, key.split('.'));
  return `${path}${line === undefined ? '' : `:${line}`}: \`${key}\` ${what}`;
}

function factsOf(input: JsonlInput) {
  // The digest of a JSONL input is that of its bytes.
  return {
    sha256: input.digest.slice('sha256:'.length),
    size: statSync(input.path).size,
    rows: countLines(input.path),
  };
}
