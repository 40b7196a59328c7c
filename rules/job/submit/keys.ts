import { isTable, type TomlTable, type TomlValue } from './toml.js';

type KeyType = 'text' | 'integer' | 'number' | 'flag' | 'list' | 'table';

/**
 * What becomes of a key: `sent` in the job; `kept` in the record of the submission; `here` means something to the
 * submission itself; `dropped` is a training setting that this kind of service does not take.
 */
type Fate = 'sent' | 'kept' | 'here' | 'dropped';

const sent = (type: KeyType): readonly [KeyType, Fate] => [type, 'sent'];
const dropped = (type: KeyType): readonly [KeyType, Fate] => [type, 'dropped'];

/** Every key there is, by its dotted path. Below a `table`, everything goes with the table. */
const KEYS: Readonly<Record<string, readonly [KeyType, Fate]>> = {
  'job.model': sent('text'),
  'job.data': ['text', 'here'],
  'job.data_path': ['text', 'here'],
  'job.modalities': ['list', 'kept'],
  'job.description': ['text', 'kept'],
  'job.poll_seconds': ['number', 'here'],
  'compute.gpu_type': sent('text'),
  'compute.gpu_count': sent('integer'),
  'compute.nodes': sent('integer'),
  'data.topology': sent('table'),
  'data.validation_path': ['text', 'here'],
  'training.mode': sent('text'),
  'training.use_qlora': sent('flag'),
  'training.validation.enabled': sent('flag'),
  'training.validation.evaluation_strategy': sent('text'),
  'training.validation.eval_steps': sent('number'),
  'training.validation.save_best_model_at_end': sent('flag'),
  'training.validation.metric_for_best_model': sent('text'),
  'training.validation.greater_is_better': sent('flag'),
  'hyperparameters.n_epochs': sent('number'),
  'hyperparameters.batch_size': sent('integer'),
  'hyperparameters.global_batch': sent('integer'),
  'hyperparameters.per_device_batch': sent('integer'),
  'hyperparameters.gradient_accumulation_steps': sent('integer'),
  'hyperparameters.sequence_length': sent('integer'),
  'hyperparameters.learning_rate': sent('number'),
  'hyperparameters.warmup_ratio': sent('number'),
  'hyperparameters.train_kind': sent('text'),
  'hyperparameters.weight_decay': dropped('number'),
  'hyperparameters.world_size': dropped('integer'),
  'hyperparameters.lora_rank': dropped('integer'),
  'hyperparameters.lora_alpha': dropped('number'),
  'hyperparameters.lora_dropout': dropped('number'),
  'hyperparameters.lora_target_modules': dropped('list'),
  'hyperparameters.parallelism': sent('table'),
  'algorithm.type': dropped('text'),
  'algorithm.method': dropped('text'),
  'algorithm.variety': dropped('text'),
  tags: ['table', 'kept'],
};

/** The keys of `hyperparameters.parallelism`; others go with it all the same, but are likely misspelt. */
const PARALLELISM: Readonly<Record<string, KeyType>> = {
  use_deepspeed: 'flag',
  deepspeed_stage: 'integer',
  fsdp: 'flag',
  bf16: 'flag',
  fp16: 'flag',
  activation_checkpointing: 'flag',
  tensor_parallel_size: 'integer',
  pipeline_parallel_size: 'integer',
};

const TYPE_NAMES: Readonly<Record<KeyType, string>> = {
  text: 'text',
  integer: 'a whole number',
  number: 'a number',
  flag: 'true or false',
  list: 'a list',
  table: 'a table',
};

export interface CheckedKeys {
  readonly unknown: readonly string[];
  readonly notForwarded: readonly string[];
  /** Tables that are given as something else: they count as absent. */
  readonly noTables: readonly string[];
  /** Values of the wrong type: what was expected of each. */
  readonly wrong: readonly { readonly key: string; readonly expected: string }[];
}

/** Looks at every key of a job file. */
export function checkKeys(config: TomlTable): CheckedKeys {
  const unknown: string[] = [];
  const notForwarded: string[] = [];
  const noTables: string[] = [];
  const wrong: { key: string; expected: string }[] = [];
  const expect = (key: string, type: KeyType, value: TomlValue) => {
    if (!isOfType(value, type)) wrong.push({ key, expected: TYPE_NAMES[type] });
  };
  const walk = (table: TomlTable, prefix: string) => {
    for (const [name, value] of Object.entries(table)) {
      const key = `${prefix}${name}`;
      const known = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
      if (known === undefined) {
        const holdsKeys = Object.keys(KEYS).some((other) => other.startsWith(`${key}.`));
        if (!holdsKeys) unknown.push(key);
        else if (isTable(value)) walk(value, `${key}.`);
        else noTables.push(key);
        continue;
      }
      const [type, fate] = known;
      if (type === 'table' && !isTable(value)) noTables.push(key);
      else expect(key, type, value);
      if (fate === 'dropped') notForwarded.push(key);
      if (!isTable(value)) continue;
      if (key === 'tags') for (const [tag, text] of Object.entries(value)) expect(`${key}.${tag}`, 'text', text);
      if (key !== 'hyperparameters.parallelism') continue;
      for (const [inner, innerValue] of Object.entries(value)) {
        const innerType = Object.hasOwn(PARALLELISM, inner) ? PARALLELISM[inner] : undefined;
        if (innerType === undefined) unknown.push(`${key}.${inner}`);
        else expect(`${key}.${inner}`, innerType, innerValue);
      }
    }
  };
  walk(config, '');
  return { unknown, notForwarded, noTables, wrong };
}

function isOfType(value: TomlValue, type: KeyType): boolean {
  switch (type) {
    case 'text':
      return typeof value === 'string';
    case 'integer':
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'number':
      return typeof value === 'bigint' || Number.isFinite(value);
    case 'flag':
      return typeof value === 'boolean';
    case 'list':
      return Array.isArray(value);
    case 'table':
      return isTable(value);
  }
}
