import type { Writable } from '../../lib/chat/json-text.js';
import { jsonDouble } from '../../lib/chat/json-value.js';
import { isTable, type TomlTable, type TomlValue } from './toml.js';

/** What a job is trained on: ids that the service gave to the uploaded files. */
export interface UploadedFiles {
  readonly train: string;
  readonly validation: string | undefined;
}

/** A table of the config; an empty one where it is absent or something else. */
export function tableAt(config: TomlTable, ...path: readonly string[]): TomlTable {
  return optionalTableAt(config, path) ?? {};
}

function optionalTableAt(config: TomlTable, path: readonly string[]): TomlTable | undefined {
  let table: TomlValue | undefined = config;
  for (const name of path) table = isTable(table) ? table[name] : undefined;
  return isTable(table) ? table : undefined;
}

const HYPERPARAMETERS = [
  'batch_size',
  'global_batch',
  'per_device_batch',
  'gradient_accumulation_steps',
  'sequence_length',
];

/** The body that creates a job at a service of the Synth kind, its keys in the order in which that service shows them. */
export function jobPayload(config: TomlTable, model: string, files: UploadedFiles): Writable {
  const hyperparameters = tableAt(config, 'hyperparameters');
  const training = tableAt(config, 'training');
  const parallelism = tableAt(config, 'hyperparameters', 'parallelism');
  const validation = optionalTableAt(config, ['training', 'validation']);
  const enabled = validation?.['enabled'] !== false;
  return {
    model,
    training_file_id: files.train,
    // Whatever `training.mode` says.
    training_type: 'sft_offline',
    hyperparameters: {
      n_epochs: Math.trunc(Number(hyperparameters['n_epochs'] ?? 1)) || 1,
      ...picked(hyperparameters, HYPERPARAMETERS),
      learning_rate: double(hyperparameters['learning_rate']),
      warmup_ratio: double(hyperparameters['warmup_ratio']),
      ...picked(hyperparameters, ['train_kind']),
      parallelism: Object.keys(parallelism).length > 0 ? written(parallelism) : undefined,
      ...(validation !== undefined && enabled ? validationParameters(validation) : {}),
    },
    metadata: {
      effective_config: {
        compute: picked(tableAt(config, 'compute'), ['gpu_type', 'gpu_count', 'nodes']),
        data: {
          ...writtenTable(optionalTableAt(config, ['data', 'topology']), 'topology'),
          validation_files: files.validation === undefined ? undefined : [files.validation],
        },
        training: {
          ...picked(training, ['mode', 'use_qlora']),
          validation: validation === undefined ? undefined : { enabled },
        },
      },
    },
  };
}

function validationParameters(validation: TomlTable): Record<string, Writable> {
  return {
    evaluation_strategy: written(validation['evaluation_strategy'] ?? 'steps'),
    eval_steps: Math.trunc(Number(validation['eval_steps'] ?? 0)),
    save_best_model_at_end: written(validation['save_best_model_at_end'] ?? true),
    metric_for_best_model: written(validation['metric_for_best_model'] ?? 'val.loss'),
    greater_is_better: written(validation['greater_is_better'] ?? false),
  };
}

function picked(table: TomlTable, names: readonly string[]): Record<string, Writable> {
  const entries = names.flatMap((name): [string, Writable][] => {
    const value = table[name];
    return value === undefined ? [] : [[name, written(value)]];
  });
  return Object.fromEntries(entries);
}

function writtenTable(table: TomlTable | undefined, name: string): Record<string, Writable> {
  return table === undefined ? {} : { [name]: written(table) };
}

/** A TOML value as JSON: times as text, tables in their order. */
export function written(value: TomlValue): Writable {
  if (value instanceof Date) return value.toISOString();
  if (isTable(value)) return new Map(Object.entries(value).map(([name, item]) => [name, written(item)]));
  return Array.isArray(value) ? value.map((item: TomlValue) => written(item)) : (value as Writable);
}

/** Rates are doubles, also where the file says `1`. */
function double(value: TomlValue | undefined): Writable | undefined {
  return value === undefined ? undefined : jsonDouble(Number(value));
}
