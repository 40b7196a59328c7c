import test from 'ava';
import sharp from 'sharp';
import { UserError } from 'vlmbuild';
import { folderHandle } from '../lib/testing/play.js';
import frames from './frames.js';
import { Crafter } from './sim/crafter.js';
import { syntheticTextures } from './sim/testing.js';

interface Message {
  step: number;
  action_id: number;
  message: { role: string; content: [{ type: string; image_url: { url: string } }] };
  observation_keys: string[];
}

/** Runs the rule with outputs in memory. */
async function capture(params: unknown, textures?: string) {
  if (frames.shape !== 'whole') throw new Error('a whole rule');
  const files = new Map<string, Buffer>();
  const lines: string[] = [];
  let sheet: Uint8Array | undefined;
  await frames.run({
    ...{ env: {}, secrets: {}, log: () => undefined, progress: () => undefined, once: undefined as never },
    signal: new AbortController().signal,
    inputs: textures === undefined ? {} : { textures: folderHandle(textures) },
    params: frames.params.parse(params),
    outputs: {
      frames: { path: '', add: async (name: string, data: Uint8Array) => void files.set(name, Buffer.from(data)) },
      messages: { path: '', append: (line: string) => lines.push(line), appendLines: () => undefined },
      sheet: { path: '', write: async (data: Uint8Array) => void (sheet = data) },
    },
  });
  return { files, lines, messages: lines.map((line) => JSON.parse(line) as Message), sheet };
}

const pixels = async (png: Uint8Array) => sharp(png).raw().toBuffer({ resolveWithObject: true });

test('frame i is what the player saw before action i', async (t) => {
  const { files, messages, sheet } = await capture(
    {
      seed: 7,
      steps: 7,
      size: [100, 90],
    },
    'test/fixtures/crafter/textures',
  );
  t.deepEqual(
    [...files.keys()],
    ['000', '001', '002', '003', '004', '005', '006'].map((n) => `step_${n}.png`),
  );
  t.deepEqual(
    messages.map(({ action_id }) => action_id),
    [2, 4, 1, 3, 5, 2, 4],
  );
  const game = new Crafter({ seed: 7, size: [100, 90], textures: await syntheticTextures() });
  let frame = game.reset();
  for (const [name, png] of files) {
    const { data, info } = await pixels(png);
    t.deepEqual([info.width, info.height, info.channels], [100, 90, 3]);
    t.true(data.equals(frame?.data ?? new Uint8Array()), name);
    const action = (['move_right', 'move_down', 'move_left', 'move_up', 'do'] as const)[Number(name.slice(5, 8)) % 5];
    frame = game.step(action ?? 'noop').frame;
  }
  t.is((await pixels(sheet ?? new Uint8Array())).info.channels, 3);
});

test('a sheet too large to look at is refused before anything is captured', async (t) => {
  const error = await t.throwsAsync(capture({ steps: 100_000, size: 64 }), { instanceOf: UserError });
  t.is(error.message, 'a sheet of 100000 frames of 64x64 pixels would be too large to look at');
});

test('the preview is written as JSON text with sorted observation keys', async (t) => {
  const { lines, messages, files } = await capture({ steps: 1 });
  const url = `data:image/png;base64,${files.get('step_000.png')?.toString('base64') ?? ''}`;
  t.is(
    lines[0],
    `{"step": 0, "action_id": 2, "message": {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "${url}"}}]}, ` +
      '"observation_keys": ["achievements_status", "error_info", "inventory", "max_steps_episode", "num_steps_taken", "observation_image_base64", ' +
      '"observation_image_data_url", "observation_image_format", "observation_image_height", "observation_image_width", "player_direction", ' +
      '"player_position", "reward_last_step", "semantic_map", "semantic_map_patch7", "terminated", "total_reward_episode", "truncated", "world_material_map"]}',
  );
  t.is(messages.length, 1);
});

test('a shuffle is the same each time, another for another seed, and loses no action', async (t) => {
  const actions = ['noop', 'move_left', 'move_right', 'move_up', 'move_down', 'do', 'sleep', 'place_stone'];
  const order = async (shuffle: boolean | number) =>
    (await capture({ actions, shuffle, steps: actions.length, size: 18 })).messages.map(({ action_id }) => action_id);
  const plain = await order(false);
  t.deepEqual(plain, [0, 1, 2, 3, 4, 5, 6, 7]);
  const first = await order(1);
  t.deepEqual(await order(1), first);
  t.notDeepEqual(await order(2), first);
  t.notDeepEqual(first, plain);
  t.deepEqual(await order(true), await order(7));
  t.deepEqual([...first].sort(), plain);
});

test('a folder of textures as an input is drawn with', async (t) => {
  const own = await capture({ steps: 1 });
  const other = await capture({ steps: 1 }, 'test/fixtures/crafter/textures');
  t.notDeepEqual(own.files, other.files);
});

test('params that cannot be are refused before anything runs', (t) => {
  const refused = (params: object, path: string) => {
    const { error } = frames.params.safeParse(params);
    t.is(error?.issues[0]?.path.join('.'), path, JSON.stringify(params));
  };
  refused({ actions: ['move_right', 'fly'] }, 'actions.1');
  refused({ actions: [] }, 'actions');
  refused({ seed: -1 }, 'seed');
  refused({ seed: 4294967296 }, 'seed');
  refused({ steps: 0 }, 'steps');
  refused({ size: 17 }, 'size');
  refused({ size: [64, 10] }, 'size');
  refused({ view: [9, 2] }, 'view');
  refused({ view: [40, 40] }, 'size');
  refused({ sedd: 7 }, '');
});
