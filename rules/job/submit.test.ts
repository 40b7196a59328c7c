import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { play, sha256Hex } from '../lib/testing/play.js';
import rule from './submit.js';

const SAMPLE = 'examples/vlm/configs/crafter_vlm_gpt4o.toml';
const folder = mkdtempSync(join(tmpdir(), 'job-'));
test.after.always(() => rmSync(folder, { recursive: true }));

let files = 0;
const fileOf = (content: string, extension: string) => {
  const path = join(folder, `${files++}.${extension}`);
  writeFileSync(path, content);
  return path;
};
const TRAIN = '{"a": 1}\n{"a": 2}\n';

interface Submission {
  readonly model: string;
  readonly payload: { readonly hyperparameters: object; readonly metadata: { readonly effective_config: object } };
  readonly files: readonly object[];
  readonly record: object;
  readonly report: { readonly not_forwarded: string[]; readonly unknown: string[]; readonly warnings: string[] };
}
interface Options {
  readonly config?: string;
  readonly train?: string;
  readonly validation?: string;
  readonly params?: object;
  readonly env?: Record<string, string>;
}
async function submit({ config, train = TRAIN, validation, params, env }: Options) {
  const inputs = {
    config: config === undefined ? SAMPLE : fileOf(config, 'toml'),
    train: fileOf(train, 'jsonl'),
    validation: validation === undefined ? undefined : fileOf(validation, 'jsonl'),
  };
  const played = await play(rule, { inputs, ...(params && { params }), ...(env && { env }) });
  const text = played.outputs['job']?.toString() ?? '';
  return { text, job: JSON.parse(text) as Submission, log: played.log };
}

test('the sample gives the payload of the service, key by key', async (t) => {
  const { text, job } = await submit({ validation: '{}' });
  const payload = {
    model: 'openai/gpt-4o-mini-2024-07-18',
    training_file_id: 'dry-run:train',
    training_type: 'sft_offline',
    hyperparameters: {
      n_epochs: 1,
      per_device_batch: 1,
      gradient_accumulation_steps: 32,
      sequence_length: 4096,
      learning_rate: 1e-5,
      warmup_ratio: 0.03,
      train_kind: 'fft',
      parallelism: {
        use_deepspeed: true,
        deepspeed_stage: 2,
        fsdp: false,
        bf16: true,
        fp16: false,
        activation_checkpointing: true,
      },
      evaluation_strategy: 'steps',
      eval_steps: 50,
      save_best_model_at_end: true,
      metric_for_best_model: 'val.loss',
      greater_is_better: false,
    },
    metadata: {
      effective_config: {
        compute: { gpu_type: 'A100', gpu_count: 1, nodes: 1 },
        data: { topology: {}, validation_files: ['dry-run:validation'] },
        training: { mode: 'sft_offline', use_qlora: false, validation: { enabled: true } },
      },
    },
  };
  t.is(JSON.stringify(job.payload), JSON.stringify(payload));
  t.regex(text, /"learning_rate": 1e-05,\n/);
  t.deepEqual(job.files, [
    { role: 'train', file_id: 'dry-run:train', sha256: sha256Hex(TRAIN), size: 18, rows: 2 },
    { role: 'validation', file_id: 'dry-run:validation', sha256: sha256Hex('{}'), size: 2, rows: 1 },
  ]);
  t.deepEqual(job.record, {
    modalities: ['text', 'image'],
    description: 'Crafter, from frames and text to actions',
    tags: {},
  });
  t.deepEqual(job.report, { not_forwarded: ['hyperparameters.weight_decay'], unknown: [], warnings: [] });
});

test('absent keys are left out, but for the defaults', async (t) => {
  const { job } = await submit({ config: '', env: { SFT_MODEL: 'mine' } });
  t.is(job.model, 'mine');
  t.deepEqual(job.payload.hyperparameters, { n_epochs: 1 });
  t.deepEqual(job.payload.metadata.effective_config, { compute: {}, data: {}, training: {} });
  t.is((await submit({ config: '' })).job.model, 'Qwen/Qwen3-4B');
  const odd = await submit({
    config:
      'compute = 3\n[hyperparameters]\nn_epochs = 0\nlearning_rate = 1\n[training.validation]\nevaluation_strategy = "epoch"',
  });
  t.regex(
    odd.text,
    /"n_epochs": 1,\n\s+"learning_rate": 1\.0,\n\s+"evaluation_strategy": "epoch",\n\s+"eval_steps": 0,/,
  );
  t.deepEqual(odd.job.report.warnings, ['`compute` is not a table: it counts as absent']);
});

test('validation that is off, or empty, is not sent', async (t) => {
  const off = await submit({ config: '[training.validation]\nenabled = false\neval_steps = 5', validation: '{}' });
  t.deepEqual(off.job.payload.hyperparameters, { n_epochs: 1 });
  t.deepEqual(off.job.payload.metadata.effective_config, {
    compute: {},
    data: { validation_files: ['dry-run:validation'] },
    training: { validation: { enabled: false } },
  });
  const empty = await submit({ validation: '' });
  t.is(empty.job.files.length, 1);
  t.deepEqual(empty.job.report.warnings, ['the validation data has no rows: training goes without']);
});

test('what does not reach the service is reported, and an error when strict', async (t) => {
  const config = [
    '[job]',
    'modle = "x"',
    '[hyperparameters]',
    'lora_rank = 16',
    'parallelism = { bf61 = true }',
    '[algorithm]',
    'type = "offline"',
    '[tags]',
    'any = "thing"',
    '[extra]',
  ].join('\n');
  const { job, log } = await submit({ config });
  t.deepEqual(job.report.not_forwarded, ['hyperparameters.lora_rank', 'algorithm.type']);
  t.deepEqual(job.report.unknown, ['job.modle', 'hyperparameters.parallelism.bf61', 'extra']);
  t.regex(log.join('\n'), /\.toml:2: `job\.modle` is unknown\n/);
  t.regex(log.join('\n'), /\.toml:5: `hyperparameters\.parallelism\.bf61` is unknown\n/);
  const error = await t.throwsAsync(submit({ config, params: { strict: true } }), { name: 'UserError' });
  t.regex(error.message, /\.toml:4: `hyperparameters\.lora_rank` is not forwarded/);
  t.regex(error.message, /\.toml:10: `extra` is unknown$/);
});

test('mistakes in the file are located', async (t) => {
  const sum = '[hyperparameters]\nsequence_length = 2048*2\n';
  const error = await t.throwsAsync(submit({ config: sum }), { name: 'UserError' });
  t.regex(error.message, /\.toml:2:23: not TOML: .*\n {4}sequence_length = 2048\*2\n {4} {22}\^$/);
  const types = '[compute]\ngpu_count = "one"\n[training]\nuse_qlora = 1\n[tags]\nrun = 3';
  await t.throwsAsync(submit({ config: types }), {
    name: 'UserError',
    message:
      /\.toml:2: `compute\.gpu_count` must be a whole number\n.*\.toml:4: `training\.use_qlora` must be true or false\n.*\.toml:6: `tags\.run` must be text$/,
  });
  await t.throwsAsync(submit({ train: '' }), { name: 'UserError', message: /^the training data `.*` has no rows$/ });
});
